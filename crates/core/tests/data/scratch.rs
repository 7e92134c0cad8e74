use lab_core::data::{Dataset, decode_picture};
use lab_core::experiment::*;
#[test]
fn scratch() {
    if let Ok(dir) = std::env::var("JP") {
        for e in std::fs::read_dir(dir).unwrap() {
            let p = e.unwrap().path();
            let good = std::fs::read(&p).unwrap();
            match decode_picture(&good) {
                Err(e) => {
                    println!("{p:?} {e}");
                    continue;
                }
                Ok(whole) => {
                    let (mut same, mut differ, mut cut, mut damaged) = (0, 0, 0, 0);
                    let mut at = 20;
                    while at < good.len() {
                        for b in [good[..at].to_vec(), [&good[..at], &[0xff, 0xd9][..]].concat()] {
                            match decode_picture(&b) {
                                Ok(f) => {
                                    if f == whole {
                                        same += 1
                                    } else {
                                        differ += 1;
                                        println!("differ at {at} of {}", good.len())
                                    }
                                }
                                Err(e) if e.to_string().contains("cut off") => cut += 1,
                                Err(e) => {
                                    damaged += 1;
                                    if damaged < 4 {
                                        println!("{at}: {e}")
                                    }
                                }
                            }
                        }
                        at += 1 + good.len() / 700;
                    }
                    println!(
                        "{p:?} {}x{} same {same} differ {differ} cut {cut} damaged {damaged}",
                        whole.width, whole.height
                    );
                }
            }
        }
    }
    if let Ok(dir) = std::env::var("CASES") {
        let mut all: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        for p in all {
            let data = Data { source: Source::Path(p.clone()), ..Data::default() };
            println!("== {}", p.display());
            match Dataset::load(&data, 0) {
                Ok(d) => {
                    println!(
                        "{} {:?} {:?} train {} val {}",
                        d.name,
                        d.shape(),
                        d.classes,
                        d.train.len(),
                        d.validation.len()
                    );
                    for n in d.notices {
                        println!("   - {n}");
                    }
                }
                Err(e) => println!("   ! {e}"),
            }
        }
    }
}
