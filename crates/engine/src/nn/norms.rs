//! Norms of many tensors at once, with one read-back for all of them.

use super::host::{DeviceError, values};
use burn::tensor::Tensor;

/// Σ x² of each vector in double precision, 0 where there is none.
///
/// # Errors
/// What the device says when it fails.
pub(crate) fn squares<'a>(vectors: impl IntoIterator<Item = Option<&'a Tensor<1>>>) -> Result<Vec<f64>, DeviceError> {
    let vectors: Vec<Option<&Tensor<1>>> = vectors.into_iter().collect();
    let sums: Vec<Tensor<1>> = vectors.iter().flatten().map(|&v| (v.clone() * v.clone()).sum()).collect();
    if sums.is_empty() {
        return Ok(vec![0.0; vectors.len()]);
    }
    let mut sums = values(Tensor::cat(sums, 0))?.into_iter().map(f64::from);
    Ok(vectors.iter().map(|vector| if vector.is_some() { sums.next().unwrap_or(0.0) } else { 0.0 }).collect())
}

/// The norm of all vectors together, of their [`squares`].
pub(crate) fn norm(squares: &[f64]) -> f64 {
    squares.iter().sum::<f64>().sqrt()
}

/// The same over the parameters of one block; `names` are those of all, in the order of `squares`.
pub(crate) fn norm_within(block: &str, names: &[String], squares: &[f64]) -> f64 {
    let inside = |name: &String| name.strip_prefix(block).is_some_and(|rest| rest.starts_with('.'));
    names.iter().zip(squares).filter(|(name, _)| inside(name)).map(|(_, square)| square).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::tensor;
    use burn::tensor::Device;

    #[test]
    fn a_block_s_norm_is_over_its_own_parameters_and_what_is_not_there_counts_nothing() {
        let vector = |values: &[f32]| tensor(values.to_vec(), [values.len()], &Device::flex());
        let (a, b, c) = (vector(&[3.0, 4.0]), vector(&[12.0]), vector(&[84.0]));
        let found = squares([Some(&a), None, Some(&b), Some(&c)]).unwrap();
        assert_eq!(found, [25.0, 0.0, 144.0, 7056.0]);
        assert_eq!(norm(&found), 85.0);
        let names = ["1.0.conv", "1.0.bn", "1.0.conv2", "1.00.conv"].map(str::to_owned);
        assert_eq!(norm_within("1.0", &names, &found), 13.0);
        assert_eq!(squares([None, None]).unwrap(), [0.0, 0.0]);
    }
}
