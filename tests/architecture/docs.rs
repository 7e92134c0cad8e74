//! What stands above public items: everything that is used from elsewhere says what it is for, and a field whose name
//! says so already has no sentence that repeats it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Visibility};

/// Words that say nothing by themselves.
const EMPTY: &[&str] =
    &["a", "an", "as", "by", "each", "for", "in", "is", "it", "its", "of", "on", "that", "the", "this"];

/// What is wrong with one file's docs.
pub struct Docs {
    path: PathBuf,
    /// Types that are not public, of whose functions nothing is asked.
    inner: BTreeSet<String>,
    /// Public items above which nothing stands.
    pub missing: Vec<String>,
    /// Fields and variants above which only their own name stands.
    pub repeated: Vec<String>,
    /// Public items that were looked at.
    pub count: usize,
}

impl Docs {
    /// Reads the file at `path`, which is named from `root` on.
    pub fn read(root: &Path, path: &Path) -> Self {
        let tree = syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
        let path = path.strip_prefix(root).unwrap().to_owned();
        let inner = tree.items.iter().filter_map(|item| match item {
            syn::Item::Struct(item) => Some((&item.vis, &item.ident)),
            syn::Item::Enum(item) => Some((&item.vis, &item.ident)),
            _ => None,
        });
        let inner = inner.filter(|(vis, _)| !matches!(vis, Visibility::Public(_))).map(|(_, name)| name.to_string());
        let mut docs = Self { path, inner: inner.collect(), missing: Vec::new(), repeated: Vec::new(), count: 0 };
        docs.visit_file(&tree);
        docs
    }

    fn item(&mut self, visibility: &Visibility, attributes: &[Attribute], name: &syn::Ident) {
        if matches!(visibility, Visibility::Public(_)) {
            self.count += 1;
            if words(attributes).is_empty() {
                self.missing.push(format!("{}: {name}", self.path.display()));
            }
        }
    }

    fn part(&mut self, attributes: &[Attribute], name: &syn::Ident) {
        let (said, own) = (words(attributes), split(&name.to_string()));
        let repeats = |word: &String| EMPTY.contains(&word.as_str()) || own.iter().any(|part| is_same(part, word));
        if !said.is_empty() && said.iter().all(repeats) {
            self.repeated.push(format!("{}: {name}: {}", self.path.display(), said.join(" ")));
        }
    }
}

impl<'a> Visit<'a> for Docs {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.item(&item.vis, &item.attrs, &item.sig.ident);
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        let of = match &*item.self_ty {
            syn::Type::Path(of) => of.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        if !of.is_some_and(|name| self.inner.contains(&name)) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        // A constructor's name says what it does.
        if item.sig.ident != "new" {
            self.item(&item.vis, &item.attrs, &item.sig.ident);
        }
    }

    fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
        self.item(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'a syn::ItemEnum) {
        self.item(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'a syn::ItemTrait) {
        self.item(&item.vis, &item.attrs, &item.ident);
        for function in &item.items {
            if let syn::TraitItem::Fn(function) = function {
                self.item(&item.vis, &function.attrs, &function.sig.ident);
            }
        }
    }

    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        self.item(&item.vis, &item.attrs, &item.ident);
    }

    fn visit_item_type(&mut self, item: &'a syn::ItemType) {
        self.item(&item.vis, &item.attrs, &item.ident);
    }

    fn visit_field(&mut self, field: &'a syn::Field) {
        if let Some(name) = &field.ident {
            self.part(&field.attrs, name);
        }
    }

    fn visit_variant(&mut self, variant: &'a syn::Variant) {
        self.part(&variant.attrs, &variant.ident);
        visit::visit_variant(self, variant);
    }
}

/// The words of the docs, in small letters.
fn words(attributes: &[Attribute]) -> Vec<String> {
    let doc = attributes.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let text = doc.collect::<Vec<_>>().join(" ").to_lowercase();
    text.split_whitespace().map(|word| word.trim_end_matches(['.', ',', ';', ':']).to_owned()).collect()
}

/// The words of a name, in small letters.
fn split(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            parts.push(String::new());
        }
        parts.last_mut().unwrap().extend(letter.to_lowercase().filter(|letter| *letter != '_'));
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether two words are the same but for their endings: `step` and `steps`.
fn is_same(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    long.starts_with(short) && long.len() - short.len() <= 2 && !short.is_empty()
}
