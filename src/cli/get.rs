//! Getting data sets and weights: what `data get` and `weights get` share.

use super::output::{self, Failure};
use lab_core::fetch::{self, Fetch, FetchError, Got, Kind, OFFERS, Offer, Origin};
use lab_core::number;
use lab_core::watch::{Progress, Watch};
use serde_json::json;
use std::path::PathBuf;

/// What is to be got, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to get; all there is to get is listed if this is left out
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// A mirror's address or a folder on this machine, instead of where it was published; a file if it has only one
    #[arg(long, value_name = "URL|PATH", requires = "name")]
    from: Option<String>,
    /// The folder it goes into, under its name; your data directory if left out
    #[arg(long, value_name = "DIR", requires = "name")]
    into: Option<PathBuf>,
    /// Print the list as JSON
    #[arg(long, conflicts_with = "name")]
    json: bool,
}

pub(super) fn run(kind: Kind, args: &Args) -> Result<(), Failure> {
    let Some(name) = &args.name else { return list(kind, args.json) };
    let offer = fetch::offer(kind, name).ok_or_else(|| {
        let names: Vec<&str> = of_kind(kind).map(|offer| offer.name).collect();
        Failure::Usage(format!("there is no \"{name}\" to get; there are {}", names.join(", ")))
    })?;
    let folder = match &args.into {
        Some(folder) => folder.clone(),
        None => fetch::user_folder(kind).ok_or_else(|| Failure::no_home("name a folder with --into"))?,
    };
    // Reading an address or a path cannot fail.
    let from = args.from.as_deref().and_then(|from| from.parse().ok()).unwrap_or(Origin::Published);
    let template = "{wide_bar:.blue} {bytes}/{total_bytes}  {bytes_per_sec}, {eta} left";
    let bar = output::bar(offer.bytes(), template);
    let show = |progress: Progress| {
        bar.set_position(progress.done);
        true
    };
    let got = Fetch { from, watch: Some(Watch(&show)), ..Fetch::new(offer, &folder) }.get();
    drop(bar);
    let Got { path, was_there } = got.map_err(|error| match error {
        FetchError::Lacking { .. } | FetchError::Taken(_) => Failure::usage(error),
        error => Failure::running(error),
    })?;
    let place = path.display();
    if was_there {
        return output::print(&format!("it is there already: {place}"));
    }
    let checked = offer.files.first().map_or_else(String::new, |file| file.check.in_words());
    output::print(&format!("got {}, {}; checked by {checked}\n{place}", offer.name, number::bytes(offer.bytes())))
}

fn of_kind(kind: Kind) -> impl Iterator<Item = &'static Offer> {
    OFFERS.iter().filter(move |offer| offer.kind == kind)
}

fn list(kind: Kind, as_json: bool) -> Result<(), Failure> {
    let place = |offer: &Offer| {
        let path = fetch::user_folder(kind).map(|folder| folder.join(offer.target()));
        path.filter(|path| path.exists()).map(|path| path.display().to_string())
    };
    if as_json {
        let described = |offer: &Offer| {
            let files = offer.files.iter().map(|file| json!({ "name": file.name, "sha256": file.check.digits() }));
            json!({
                "name": offer.name, "about": offer.about, "bytes": offer.bytes(), "licence": offer.licence,
                "published": offer.published, "files": files.collect::<Vec<_>>(), "path": place(offer),
            })
        };
        return output::print_json(&json!(of_kind(kind).map(described).collect::<Vec<_>>()));
    }
    let row = |offer: &Offer| {
        let size = number::bytes(offer.bytes());
        let there = place(offer).unwrap_or_else(|| "-".to_owned());
        vec![offer.name.to_owned(), size, offer.about.to_owned(), offer.licence.to_owned(), there]
    };
    let rows: Vec<Vec<String>> = of_kind(kind).map(row).collect();
    output::print(&output::table(&["name", "size", "what", "licence", "where"], &rows))
}
