//! The sources as a graph: each file with the files whose definitions it names.
//!
//! A re-export is an alias and no arrow: whoever uses it names the file that defines the thing. What is compiled for unit
//! tests alone is left out.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Item, UseTree};

/// A path as it is written.
type Words = Vec<String>;

/// A source file.
pub struct File {
    /// From the workspace's root.
    pub path: PathBuf,
    pub is_unsafe: bool,
    /// Whether it reads or writes files by itself.
    pub opens_files: bool,
    /// Crates that it names, as they are called in code.
    pub crates: BTreeSet<String>,
    /// Traits that its types have.
    pub implements: BTreeSet<String>,
    /// The crate's name in code, then the module's path.
    module: Words,
    /// Names that the file gives other things, and whether it only hands them on.
    imports: HashMap<String, (Words, bool)>,
    /// Modules whose every name it takes, and whether it only hands them on.
    globs: Vec<(Words, bool)>,
    /// What it defines, and the modules below it.
    defines: BTreeSet<String>,
    children: BTreeSet<String>,
    /// Modules of unit tests below it that are files.
    tests: BTreeSet<String>,
    /// Every path in its code.
    names: BTreeSet<Words>,
}

/// A text in Rust, whatever it is compiled for.
pub struct Text {
    /// From the workspace's root.
    pub path: PathBuf,
    pub lines: usize,
    /// Whether it begins with what it is for.
    pub says_why: bool,
}

/// Every source, test, benchmark and example.
pub fn texts(root: &Path) -> Vec<Text> {
    let mut all = Vec::new();
    for package in packages(root) {
        for path in
            ["src", "tests", "benches", "examples", "fuzz_targets"].iter().flat_map(|it| below(&package.join(it)))
        {
            let text = fs::read_to_string(&path).unwrap();
            let first = text.lines().next().and_then(|line| line.strip_prefix("//!"));
            let says_why = first.is_some_and(|words| words.contains(char::is_alphabetic));
            let path = path.strip_prefix(root).unwrap().to_owned();
            all.push(Text { path, lines: text.lines().count(), says_why });
        }
    }
    all
}

/// The folders of the packages.
fn packages(root: &Path) -> Vec<PathBuf> {
    let crates = fs::read_dir(root.join("crates")).into_iter().flatten().map(|entry| entry.unwrap().path());
    let fuzz = Some(root.join("fuzz")).filter(|folder| folder.is_dir());
    std::iter::once(root.to_owned()).chain(crates).chain(fuzz).collect()
}

/// The files of Rust in a folder and those in it.
fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inside) = folders.pop() {
        for path in fs::read_dir(inside).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// All sources of a workspace.
pub struct Sources {
    pub files: Vec<File>,
    /// Each module's file.
    modules: HashMap<Words, usize>,
}

impl Sources {
    /// Reads the packages in `root` and in `root/crates`.
    pub fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        for package in packages(root) {
            let manifest: toml::Table = fs::read_to_string(package.join("Cargo.toml")).unwrap().parse().unwrap();
            let name = manifest["package"]["name"].as_str().unwrap().replace('-', "_");
            let folder = package.join("src");
            let module = |path: &Path| module_of(&name, path.strip_prefix(&folder).unwrap());
            files.extend(below(&folder).iter().map(|path| File::read(root, path, module(path))));
        }
        let tests: Vec<Words> = files.iter().flat_map(File::test_modules).collect();
        files.retain(|file| !tests.iter().any(|module| file.module.starts_with(module)));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let modules = files.iter().enumerate().map(|(index, file)| (file.module.clone(), index)).collect();
        Self { files, modules }
    }

    /// The file that defines what a path from a crate's root names; `None` for what lies outside this workspace.
    fn home(&self, path: &[String], depth: usize) -> Option<usize> {
        let mut at = *self.modules.get(path.get(..1)?)?;
        for (index, name) in path.iter().enumerate().skip(1) {
            let file = &self.files[at];
            if file.children.contains(name) {
                let mut below = file.module.clone();
                below.push(name.clone());
                at = *self.modules.get(&below)?;
            } else if !file.defines.contains(name) && depth > 0 {
                let rest = |to: &Words| [to, &path[index + 1..]].concat();
                if let Some((to, _)) = file.imports.get(name) {
                    return self.home(&rest(to), depth - 1);
                }
                let through = |(to, _): &(Words, bool)| {
                    let home = self.home(to, depth - 1)?;
                    self.files[home].gives(name).then_some(home)
                };
                return file.globs.iter().find_map(through).or(Some(at));
            } else {
                return Some(at);
            }
        }
        Some(at)
    }

    /// The files that each file names, by their places.
    pub fn arrows(&self) -> Vec<BTreeSet<usize>> {
        let of = |(index, file): (usize, &File)| {
            let imported = file.imports.values().filter(|(_, handed)| !handed).map(|(path, _)| path.clone());
            let globs = file.globs.iter().filter(|(_, handed)| !handed).map(|(path, _)| path.clone());
            let named = file.names.iter().filter_map(|words| file.absolute(words));
            let all = imported.chain(globs).chain(named);
            all.filter_map(|path| self.home(&path, 8)).filter(|&to| to != index).collect()
        };
        self.files.iter().enumerate().map(of).collect()
    }

    /// Files that name each other in a circle, in its order; empty if there are none.
    pub fn circle(&self) -> Vec<String> {
        let mut arrows = self.arrows();
        // What names nobody is in no circle, nor is what names only such files.
        while let Some(leaf) = (0..arrows.len()).find(|&file| arrows[file].is_empty() && is_named(&arrows, file)) {
            arrows.iter_mut().for_each(|to| _ = to.remove(&leaf));
        }
        let Some(mut at) = (0..arrows.len()).find(|&file| !arrows[file].is_empty()) else { return Vec::new() };
        let mut way = vec![];
        while !way.contains(&at) {
            way.push(at);
            at = *arrows[at].first().unwrap();
        }
        let start = way.iter().position(|&file| file == at).unwrap();
        way[start..].iter().map(|&file| self.files[file].path.display().to_string()).collect()
    }

    /// The rooms (`crate/module`) that each room names. A crate's root belongs to no room.
    pub fn rooms(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, arrows) in self.files.iter().zip(self.arrows()) {
            let Some(from) = file.room() else { continue };
            let to = arrows.into_iter().filter_map(|to| self.files[to].room()).filter(|to| *to != from);
            rooms.entry(from.clone()).or_default().extend(to);
        }
        rooms
    }
}

fn is_named(arrows: &[BTreeSet<usize>], file: usize) -> bool {
    arrows.iter().any(|to| to.contains(&file))
}

fn module_of(name: &str, below: &Path) -> Words {
    let parts = below.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect::<Vec<_>>();
    let is_folder = |part: &String| part == "mod" || part == "lib" || part == "main";
    std::iter::once(name.to_owned()).chain(parts.into_iter().filter(|part| !is_folder(part))).collect()
}

impl File {
    fn read(root: &Path, path: &Path, module: Words) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let tree = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut file = Self {
            path: path.strip_prefix(root).unwrap().to_owned(),
            is_unsafe: false,
            opens_files: false,
            crates: BTreeSet::new(),
            implements: BTreeSet::new(),
            module,
            imports: HashMap::new(),
            globs: Vec::new(),
            defines: BTreeSet::new(),
            children: BTreeSet::new(),
            tests: BTreeSet::new(),
            names: BTreeSet::new(),
        };
        for item in &tree.items {
            match item {
                Item::Mod(module) if is_for_tests(&module.attrs) => _ = file.tests.insert(module.ident.to_string()),
                Item::Mod(module) if module.content.is_none() => _ = file.children.insert(module.ident.to_string()),
                item => file.defines.extend(defined(item)),
            }
        }
        file.visit_file(&tree);
        file
    }

    /// Whether others find this name here: defined, handed on or a module.
    fn gives(&self, name: &String) -> bool {
        self.defines.contains(name) || self.children.contains(name) || self.imports.contains_key(name)
    }

    /// Modules of unit tests, from the crate's name on.
    fn test_modules(&self) -> Vec<Words> {
        self.tests.iter().map(|name| [&self.module[..], std::slice::from_ref(name)].concat()).collect()
    }

    /// `crate/module`.
    pub fn room(&self) -> Option<String> {
        let name = self.module[0].strip_prefix("lab_").unwrap_or(&self.module[0]);
        Some(format!("{name}/{}", self.module.get(1)?))
    }

    /// A path as it is written in this file, from its crate's root on; `None` for one that begins with nothing known.
    fn absolute(&self, words: &[String]) -> Option<Words> {
        let (first, rest) = words.split_first()?;
        let up = words.iter().take_while(|word| *word == "super").count();
        match first.as_str() {
            "crate" => Some([&self.module[..1], rest].concat()),
            "self" => Some([&self.module, rest].concat()),
            "super" => Some([&self.module[..self.module.len().checked_sub(up)?], &words[up..]].concat()),
            name if name.starts_with("lab_") => Some(words.to_vec()),
            name if self.children.contains(name) => Some([&self.module, words].concat()),
            name => self.imports.get(name).map(|(to, _)| [to, rest].concat()),
        }
    }

    fn import(&mut self, tree: &UseTree, before: &[String], handed: bool) {
        self.opens_files |= is_of_files(before);
        self.crates.extend(before.first().cloned());
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &[before, &[path.ident.to_string()]].concat(), handed),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before, handed)),
            UseTree::Name(name) => self.bind(&name.ident.to_string(), &name.ident.to_string(), before, handed),
            UseTree::Rename(name) => self.bind(&name.rename.to_string(), &name.ident.to_string(), before, handed),
            UseTree::Glob(_) => {
                if let Some(path) = self.absolute(before) {
                    self.globs.push((path, handed));
                }
            }
        }
    }

    fn bind(&mut self, name: &str, last: &str, before: &[String], handed: bool) {
        let itself = last == "self";
        let words = if itself { before.to_vec() } else { [before, &[last.to_owned()]].concat() };
        self.opens_files |= is_of_files(&words);
        let name = if itself && name == "self" { before.last().cloned().unwrap_or_default() } else { name.to_owned() };
        if let Some(path) = self.absolute(&words) {
            self.imports.insert(name, (path, handed));
        }
    }

    /// Paths in what a macro is given, which is not parsed.
    fn scan(&mut self, tokens: TokenStream) {
        let mut words = Words::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.note(std::mem::take(&mut words));
                    }
                    self.is_unsafe |= ident == "unsafe";
                    words.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.note(std::mem::take(&mut words));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
        }
        self.note(words);
    }

    fn note(&mut self, words: Words) {
        self.opens_files |= is_of_files(&words);
        self.crates.extend(words.first().filter(|_| words.len() > 1).cloned());
        if !words.is_empty() {
            self.names.insert(words);
        }
    }
}

impl<'a> Visit<'a> for File {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        if is_for_tests(&item.attrs) {
            return;
        }
        let handed = !matches!(item.vis, syn::Visibility::Inherited);
        self.import(&item.tree, &[], handed);
    }

    /// `pub(super)` names nothing.
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.note(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        self.scan(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    fn visit_expr_unsafe(&mut self, block: &'a syn::ExprUnsafe) {
        self.is_unsafe = true;
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_signature(&mut self, signature: &'a syn::Signature) {
        self.is_unsafe |= signature.unsafety.is_some();
        visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        self.is_unsafe |= item.unsafety.is_some();
        let of = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        self.implements.extend(of.map(|last| last.ident.to_string()));
        visit::visit_item_impl(self, item);
    }
}

/// Whether something is compiled for unit tests alone.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    let is = |attribute: &syn::Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    };
    attributes.iter().any(is)
}

fn is_of_files(words: &[String]) -> bool {
    words.len() >= 2 && words[0] == "std" && words[1] == "fs"
}

/// The name that an item gives to what it defines.
fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}
