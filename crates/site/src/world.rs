//! What an expression can refer to: locals, blocks and their attributes, each evaluated when it is first asked for.
//! Asking for something that is just being evaluated is a cycle, and an error that names its members.

use crate::{
    Lock,
    eval::{Binding, Eval, Failed, Scope, weight},
    fragment::{Fragment, Fragments, Written},
    outside::Outside,
    report::Collector,
    source::{At, Span},
};
use firstlight_model::Ipv4Net;
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    path::Path,
    rc::Rc,
    sync::Arc,
};

/// How many machines one `count` or `for_each` may make.
pub(crate) const MOST_INSTANCES: usize = 65_536;
/// How much all expressions of a site together may produce, in values and bytes of text.
const FUEL: usize = 6_000_000;

/// Everything that expressions and the builders of the site look things up in.
pub(crate) struct World<'a> {
    pub(crate) problems: &'a Collector<'a>,
    pub(crate) outside: &'a dyn Outside,
    pub(crate) root: &'a Path,
    pub(crate) fragments: &'a Fragments<'a>,
    /// The built-in `os` blocks.
    pub(crate) catalog: &'a [Fragment<'a>],
    /// `firstlight.lock`.
    pub(crate) lock: Lock,
    index: HashMap<(&'a str, &'a str), &'a Fragment<'a>>,
    locals: BTreeMap<&'a str, Written<'a>>,
    memo: RefCell<HashMap<Key, Eval<Value>>>,
    texts: RefCell<HashMap<String, Arc<str>>>,
    instances: RefCell<HashMap<usize, Eval<Rc<Instances>>>>,
    underway: RefCell<Vec<(Key, Span)>>,
    pub(crate) depth: Cell<usize>,
    fuel: Cell<usize>,
}

/// What is evaluated once: a local, or an attribute of a block or of one of its instances. Printed as a reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(String);

/// How many machines a block makes.
#[derive(Debug, PartialEq)]
pub(crate) enum Instances {
    /// Neither `count` nor `for_each`.
    One,
    /// `count`.
    Count(usize),
    /// `for_each`: key and value, sorted by key.
    Each(BTreeMap<String, Value>),
}

impl<'a> World<'a> {
    pub(crate) fn new(
        problems: &'a Collector<'a>,
        outside: &'a dyn Outside,
        root: &'a Path,
        fragments: &'a Fragments<'a>,
    ) -> Self {
        let mut locals = BTreeMap::new();
        for block in fragments.blocks.iter().filter(|block| block.kind == "locals") {
            for (&name, &written) in &block.attributes {
                if let Some(first) = locals.insert(name, written) {
                    problems
                        .error(written.key, format!("a second local is named `{name}`"))
                        .related(first.key, "first declared here")
                        .next("rename one of them");
                }
            }
        }
        World {
            problems,
            outside,
            root,
            fragments,
            catalog: &[],
            lock: Lock::default(),
            index: fragments.blocks.iter().map(|block| ((block.kind, &*block.label.value), block)).collect(),
            locals,
            memo: RefCell::default(),
            texts: RefCell::default(),
            instances: RefCell::default(),
            underway: RefCell::default(),
            depth: Cell::new(0),
            fuel: Cell::new(FUEL),
        }
    }

    /// The same, with the built-in systems and the lock file.
    pub(crate) fn with(self, catalog: &'a Fragments<'a>, lock: Lock) -> Self {
        World { catalog: &catalog.blocks, lock, ..self }
    }

    /// The text of a file of the site, read once: many machines may have it.
    pub(crate) fn text(&self, file: &str) -> std::io::Result<Arc<str>> {
        if let Some(known) = self.texts.borrow().get(file) {
            return Ok(known.clone());
        }
        let text: Arc<str> = self.outside.read(&self.root.join(file))?.into();
        self.texts.borrow_mut().insert(file.to_owned(), text.clone());
        Ok(text)
    }

    /// The blocks of one kind, in the order of the files.
    pub(crate) fn blocks(&self, kind: &'static str) -> impl Iterator<Item = &'a Fragment<'a>> {
        self.fragments.blocks.iter().filter(move |block| block.kind == kind)
    }

    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&'a Fragment<'a>> {
        self.index.get(&(kind, name)).copied()
    }

    /// True for a block that is declared but could not be read.
    pub(crate) fn is_broken(&self, kind: &str, name: &str) -> bool {
        self.fragments.broken.contains(&(kind.to_owned(), name.to_owned()))
    }

    /// Every name that is declared for `kind`, readable or not.
    pub(crate) fn names<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s str> {
        let broken = self.fragments.broken.iter().filter(move |(k, _)| k == kind).map(|(_, name)| &**name);
        let read = self.fragments.blocks.iter().filter(move |b| b.kind == kind).map(|b| &*b.label.value);
        read.chain(broken)
    }

    pub(crate) fn local_names(&self) -> impl Iterator<Item = &'a str> {
        self.locals.keys().copied()
    }

    /// Takes from what the site's expressions may produce. False when it is used up.
    pub(crate) fn spend(&self, amount: usize) -> bool {
        let left = self.fuel.get().checked_sub(amount);
        self.fuel.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Evaluates every local, so that mistakes in unused ones are found as well.
    pub(crate) fn check_locals(&self) {
        for (name, written) in &self.locals {
            let _ = self.local(name, written.key);
        }
    }

    /// A local's value. `asked` is where it is asked for.
    pub(crate) fn local(&self, name: &str, asked: Span) -> Eval<Value> {
        let Some(written) = self.locals.get(name).copied() else {
            if self.fragments.broken.iter().any(|(kind, _)| kind == "locals") {
                return Err(Failed);
            }
            let help = crate::nearest::suggestion(name, self.local_names());
            let help = help.or_else(|| Some(format!("declare it: `locals {{ {name} = … }}`")));
            self.problems.error(asked, format!("there is no local `{name}`")).label("undefined").help(help);
            return Err(Failed);
        };
        self.once(Key(format!("local.{name}")), asked, || Scope::new(self, written.span.file).eval(written.expr))
    }

    /// An attribute of a block, with what is implied where it is not set; null where nothing is.
    pub(crate) fn attribute(&self, block: &Fragment<'a>, key: Option<&str>, name: &str, asked: Span) -> Eval<Value> {
        let Some(written) = block.attributes.get(name).copied() else { return self.implied(block, key, name, asked) };
        let instance = key.map(|key| format!("[{key:?}]")).unwrap_or_default();
        let label = if block.label.value.is_empty() { String::new() } else { format!(".{}", block.label.value) };
        let path = Key(format!("{}{label}{instance}.{name}", block.kind));
        self.once(path, asked, || {
            let scope = Scope::new(self, written.span.file);
            match self.instance_value(block, key, asked)? {
                None => scope.eval(written.expr),
                Some((name, value)) => scope.with(&Binding::new(name, &value)).eval(written.expr),
            }
        })
    }

    fn implied(&self, block: &Fragment<'a>, key: Option<&str>, name: &str, asked: Span) -> Eval<Value> {
        let label = &block.label.value;
        match (block.kind, name) {
            ("machine", "name") => Ok(json!(key.map_or(label.clone(), |key| format!("{label}-{key}")))),
            ("site", "name") => Ok(self.implied_site_name()),
            ("profile", "title") => Ok(json!(label)),
            ("network", "address") => {
                let subnet = self.attribute(block, None, "subnet", asked)?;
                let subnet = subnet.as_str().and_then(|text| text.parse::<Ipv4Net>().ok());
                let first = subnet.and_then(crate::build::first_host);
                Ok(first.map_or(Value::Null, |address| json!(address.to_string())))
            }
            _ => Ok(Value::Null),
        }
    }

    /// The site's name where none is set.
    pub(crate) fn implied_site_name(&self) -> Value {
        json!(crate::build::implied_name(&self.problems.lines.sources.folder))
    }

    /// What `each` or `count` is for one instance of a block.
    pub(crate) fn instance_value(
        &self,
        block: &Fragment<'a>,
        key: Option<&str>,
        asked: Span,
    ) -> Eval<Option<(&'static str, Value)>> {
        let Some(key) = key else { return Ok(None) };
        match &*self.instances(block, asked)? {
            Instances::One => Ok(None),
            Instances::Count(_) => Ok(Some(("count", json!({ "index": key.parse::<u64>().unwrap_or(0) })))),
            Instances::Each(values) => Ok(Some(("each", json!({ "key": key, "value": values.get(key) })))),
        }
    }

    /// How many machines a block makes, evaluated once.
    pub(crate) fn instances(&self, block: &Fragment<'a>, asked: Span) -> Eval<Rc<Instances>> {
        if let Some(known) = self.instances.borrow().get(&block.id) {
            return known.clone();
        }
        let made = self.make_instances(block, asked).map(Rc::new);
        self.instances.borrow_mut().insert(block.id, made.clone());
        made
    }

    fn make_instances(&self, block: &Fragment<'a>, asked: Span) -> Eval<Instances> {
        let wrong = |written: &Written<'_>, message: String, help: &str| {
            self.problems.error(written.span, message).next(help);
            Err(Failed)
        };
        match (block.attributes.get("count"), block.attributes.get("for_each")) {
            (None, None) => Ok(Instances::One),
            (Some(count), Some(each)) => {
                let note = self.problems.error(each.key, "a machine has `count` or `for_each`, not both");
                note.related(count.key, "`count` is set here").next("remove one of them");
                Err(Failed)
            }
            (Some(count), None) => match self.attribute(block, None, "count", asked)?.as_u64() {
                Some(n) if n <= MOST_INSTANCES as u64 => Ok(Instances::Count(n as usize)),
                _ => wrong(
                    count,
                    format!("`count` is not a whole number from 0 to {MOST_INSTANCES}"),
                    "for example: count = 4",
                ),
            },
            (None, Some(each)) => match self.attribute(block, None, "for_each", asked)? {
                Value::Object(map) if map.len() <= MOST_INSTANCES => Ok(Instances::Each(map.into_iter().collect())),
                Value::Array(list) if list.len() <= MOST_INSTANCES => self.each_of_list(each, list),
                Value::Array(_) | Value::Object(_) => wrong(
                    each,
                    format!("`for_each` has over {MOST_INSTANCES} elements"),
                    "a site can have more than one such block",
                ),
                _ => wrong(
                    each,
                    "`for_each` is neither a map nor a list of strings".to_owned(),
                    "for example: for_each = { a = \"52:54:00:00:00:01\" }",
                ),
            },
        }
    }

    fn each_of_list(&self, each: &Written<'_>, list: Vec<Value>) -> Eval<Instances> {
        let mut values = BTreeMap::new();
        for value in list {
            let Value::String(key) = value else {
                self.problems
                    .error(each.span, "`for_each` takes a map or a list of strings")
                    .label("this list holds something else")
                    .next("make it a map: { for x in … : x.name => x }");
                return Err(Failed);
            };
            if values.insert(key.clone(), Value::String(key.clone())).is_some() {
                self.problems
                    .error(each.span, format!("`for_each` holds `{key}` twice"))
                    .next("`toset(…)` leaves each string once");
                return Err(Failed);
            }
        }
        Ok(Instances::Each(values))
    }

    /// Evaluates once and remembers; a failure was reported when it happened. A value that asks for itself is a cycle.
    fn once(&self, key: Key, asked: Span, evaluate: impl FnOnce() -> Eval<Value>) -> Eval<Value> {
        if let Some(known) = self.memo.borrow().get(&key) {
            return known.clone();
        }
        if let Some(start) = self.underway.borrow().iter().position(|(other, _)| *other == key) {
            self.cycle(start, &key, asked);
            return Err(Failed);
        }
        self.underway.borrow_mut().push((key.clone(), asked));
        let mut value = evaluate();
        self.underway.borrow_mut().pop();
        if value.as_ref().is_ok_and(|value| weight(value, 0).is_none()) {
            self.problems.error(asked, "this value is nested too deeply");
            value = Err(Failed);
        }
        self.memo.borrow_mut().insert(key, value.clone());
        value
    }

    fn cycle(&self, start: usize, key: &Key, asked: Span) {
        let underway = self.underway.borrow();
        let members = &underway[start..];
        let mut names: Vec<&str> = members.iter().map(|(key, _)| &*key.0).collect();
        names.push(&key.0);
        let mut note = self
            .problems
            .error(asked, format!("a value depends on itself: {}", names.join(" → ")))
            .label(format!("`{}` is needed here again", key.0))
            .next("set one of them without a reference");
        for (key, asked) in members.iter().skip(1).take(8) {
            note = note.related(*asked, format!("`{}` is needed here", key.0));
        }
    }

    /// Resolves the name of a block in an attribute like `profile = "flatcar"`.
    pub(crate) fn known(&self, kind: &'static str, name: &At<String>) -> bool {
        if self.find(kind, &name.value).is_some() {
            return true;
        }
        if !self.is_broken(kind, &name.value) {
            self.undefined(kind, &name.value, name.span);
        }
        false
    }

    pub(crate) fn undefined(&self, kind: &str, name: &str, span: Span) {
        let help = crate::nearest::suggestion(name, self.names(kind));
        let help = help.or_else(|| Some(format!("declare it: `{kind} \"{name}\" {{ … }}`")));
        self.problems.error(span, format!("there is no {kind} `{name}`")).label("undefined").help(help);
    }
}
