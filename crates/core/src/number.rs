//! How numbers are written: three significant digits, thousands set apart, always with their unit. In the terminal, where
//! they are compared with those in papers, some have a digit more: `precise`, `precise_percent` and `precise_large`.

/// Three significant digits: `0.0123`, `1.23`, `123`, `1,230`, `1.23e-5`.
#[must_use]
pub fn short(value: f64) -> String {
    if value.is_nan() {
        return "not a number".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { "−∞".into() };
    }
    let size = value.abs();
    let text = if size == 0.0 {
        "0".into()
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.2e}")
    } else {
        // As many as leave three digits after rounding: 0.9996 has two as 1.00.
        let decimals = [5, 4, 3, 2, 1].into_iter().zip([0.009_995, 0.099_95, 0.9995, 9.995, 99.95]);
        let decimals = decimals.into_iter().find(|(_, end)| size < *end).map_or(0, |(decimals, _)| decimals);
        let text = format!("{value:.decimals$}");
        if decimals == 0 { grouped(&text) } else { text }
    };
    match text.strip_prefix('-') {
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// About four significant digits, four decimals below 1 and one above 100: `0.0312`, `2.313`, `1.000e-7`.
#[must_use]
pub fn precise(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => value.to_string(),
        0.0 => "0".to_owned(),
        0.001..1.0 => format!("{value:.4}"),
        1.0..10.0 => format!("{value:.3}"),
        10.0..100.0 => format!("{value:.2}"),
        100.0..100_000.0 => format!("{value:.1}"),
        _ => format!("{value:.3e}"),
    }
}

/// A tick of an axis: three significant digits without trailing zeros.
#[must_use]
pub fn tick(value: f64) -> String {
    let text = short(value);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.replace(".00e", "e")
    }
}

/// A learning rate, momentum or other setting: as short as it can be with the seven digits that a person may mean. What
/// single precision or a sum has left behind them is not shown; whole numbers keep all of theirs.
#[must_use]
pub fn setting(value: f64) -> String {
    let seven = if value.fract() == 0.0 { value } else { format!("{value:.6e}").parse().unwrap_or(value) };
    if seven == 0.0 || (1e-3..1e7).contains(&seven.abs()) { format!("{seven}") } else { format!("{seven:e}") }
}

/// The nearest number of two significant digits, for a setting of which more would tell nothing.
#[must_use]
pub fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// A whole number with its thousands set apart: `214,042`.
#[must_use]
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut text = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A large count with a prefix: `31.2 M`.
#[must_use]
pub fn large(value: u64) -> String {
    let value = value as f64;
    let (scale, prefix) = match value {
        v if v >= 1e12 => (1e12, " T"),
        v if v >= 1e9 => (1e9, " G"),
        v if v >= 1e6 => (1e6, " M"),
        v if v >= 1e4 => (1e3, " k"),
        _ => (1.0, ""),
    };
    format!("{}{prefix}", short(value / scale))
}

/// The same with two digits behind the point, from a thousand on: `40.55 M`.
#[must_use]
pub fn precise_large(value: u64) -> String {
    let units = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    let whole = value as f64;
    match units.into_iter().find(|(size, _)| whole >= *size) {
        Some((size, unit)) => format!("{:.2}{unit}", whole / size),
        None => value.to_string(),
    }
}

/// An amount of memory: `191 MiB`.
#[must_use]
pub fn bytes(value: u64) -> String {
    let value = value as f64;
    let (scale, unit) = match value {
        v if v >= 1024f64.powi(3) => (1024f64.powi(3), "GiB"),
        v if v >= 1024f64.powi(2) => (1024f64.powi(2), "MiB"),
        _ => (1024.0, "KiB"),
    };
    format!("{} {unit}", short(value / scale))
}

/// A share as a percentage with three digits: `84.3 %`, `9.87 %`, `100 %`; what is hardly there is `<0.01 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    if share > 0.0 && share < 1e-4 { "<0.01 %".to_owned() } else { format!("{} %", short(share * 100.0)) }
}

/// The same with two digits behind the point: `92.50 %`.
#[must_use]
pub fn precise_percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// What is written in the place of a number that is not there, too.
#[must_use]
pub fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// A time in words: `8.3 s`, `1 min 23 s`, `2 h 05 min`.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in seconds, clamped at 0")]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".into();
    }
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn plural(count_of: u64, word: &str) -> String {
    format!("{} {word}{}", count(count_of), if count_of == 1 { "" } else { "s" })
}

/// A text of which no line ends between a number and its percent sign or its deviation. For the screen alone: files and
/// terminals have plain spaces, which others can look for.
#[must_use]
pub fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%").replace(" ± ", "\u{a0}±\u{a0}")
}

/// A sentence with a large first letter.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_are_the_nearest_at_any_size() {
        let values = [0.0333, 1e-7 / 3.0, 149.9, 1.0, 0.0].map(two_digits);
        assert_eq!(values, [0.033, 3.3e-8, 150.0, 1.0, 0.0]);
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!([0.999_999, 9.999, 0.099_999].map(short), ["1.00", "10.0", "0.100"]);
        let written: Vec<String> = [0.0, 0.012_345, 1.2345, 12.345, 999.9, 12_345.6, 1.234e-5, -0.5].map(short).into();
        assert_eq!(written, ["0", "0.0123", "1.23", "12.3", "1,000", "12,346", "1.23e-5", "−0.500"]);
        assert_eq!(short(f64::NAN), "not a number");
    }

    #[test]
    fn settings_are_told_as_they_were_meant() {
        let meant = [0.1 + 0.2, f64::from(0.1f32), 0.1 * 3.0 * 1e-3, 0.000_5, 0.9, 123_456_789.0, 1_234.5].map(setting);
        assert_eq!(meant, ["0.3", "0.1", "3e-4", "5e-4", "0.9", "1.23456789e8", "1234.5"]);
        assert_eq!([0.0, 1e-7, 0.999_999_9].map(setting), ["0", "1e-7", "0.9999999"]);
    }

    #[test]
    fn precise_numbers_have_a_digit_more() {
        assert_eq!([0.0, 0.031_25, 2.312_59, 1e-7].map(precise), ["0", "0.0312", "2.313", "1.000e-7"]);
        assert_eq!([999, 40_551_936].map(precise_large), ["999", "40.55 M"]);
        assert_eq!((precise_percent(0.925), or_dash(None)), ("92.50 %".to_owned(), "–".to_owned()));
    }

    #[test]
    fn no_line_ends_within_a_number() {
        let words = |text: &str| unbroken(text).split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words("63.5 ± 5.2 % right"), ["63.5\u{a0}±\u{a0}5.2\u{a0}%", "right"]);
    }

    #[test]
    fn counts_and_times_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(large(31_234_567), "31.2 M");
        assert_eq!([8.34, 9.96, 83.0, 7500.0].map(duration), ["8.3 s", "10.0 s", "1 min 23 s", "2 h 05 min"]);
        assert_eq!([500, 200_000_000, 3 << 30].map(bytes), ["0.488 KiB", "191 MiB", "3.00 GiB"]);
        assert_eq!((percent(0.843_21), plural(1, "step")), ("84.3 %".into(), "1 step".into()));
    }
}
