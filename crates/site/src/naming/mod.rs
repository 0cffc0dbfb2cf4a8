//! Names for machines that have none yet: the next of a list, or the next number in a pattern. Pure: who has which name is
//! for the caller to know.

mod pattern;

pub use pattern::NamePattern;
pub(crate) use pattern::Wrong;

use crate::{Class, Vars};
use firstlight_model::Hostname;
use serde::Serialize;

/// The lists that need not be written down, by their names in a site.
const LISTS: [(&str, &str); 2] = [("computers", include_str!("computers.txt")), ("stars", include_str!("stars.txt"))];

/// The highest number that a pattern comes to.
const HIGHEST: u64 = 99_999;

/// Where a class's machines have their names from, when they are approved without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// `name_pool`: the first of these that nobody has.
    NamePool(Pool),
    /// `name_pattern`: the lowest number that makes a name that nobody has.
    NamePattern(NamePattern),
}

/// The names of a pool, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Pool {
    /// A built-in list.
    Known(&'static str),
    /// The site's own.
    Own(Vec<Hostname>),
}

/// Why there is no name for a machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoName {
    /// The class does not say where from.
    #[error(
        "class {class} has neither `name_pool` nor `name_pattern` ({place}): set one, as in `name_pool = \"stars\"`, or name the \
         machine with --name"
    )]
    NotSaid {
        /// The class.
        class: String,
        /// Where it stands.
        place: String,
    },
    /// Everything is given.
    #[error(
        "class {class} has no name left: all {count} of its `name_pool` are taken ({place}). Add names to it, retire machines \
         that are gone (`firstlight machines retire`), or name the machine with --name"
    )]
    Exhausted {
        /// The class.
        class: String,
        /// Where it stands.
        place: String,
        /// How many names it has.
        count: usize,
    },
    /// The pattern has come to an end.
    #[error("class {class} has no name by its `name_pattern` ({place}): {why}")]
    NoMore {
        /// The class.
        class: String,
        /// Where it stands.
        place: String,
        /// What stands in the way.
        why: String,
    },
}

impl Pool {
    /// The built-in list of this name.
    pub(crate) fn known(name: &str) -> Option<Pool> {
        LISTS.iter().find(|(known, _)| *known == name).map(|(known, _)| Pool::Known(known))
    }

    /// The names of the built-in lists.
    pub(crate) fn lists() -> impl Iterator<Item = &'static str> {
        LISTS.iter().map(|(name, _)| *name)
    }

    /// Its names, in the order in which they are given.
    pub fn names(&self) -> Vec<Hostname> {
        let list = |name: &str| LISTS.iter().find(|(known, _)| *known == name).map_or("", |(_, list)| *list);
        match self {
            Pool::Known(name) => list(name).lines().filter_map(|line| line.parse().ok()).collect(),
            Pool::Own(names) => names.clone(),
        }
    }
}

impl Class {
    /// The name for the next machine of this class, with what it inherits; `taken` knows who has which.
    ///
    /// # Errors
    /// There is none, and what to do about it.
    pub fn next_name(&self, taken: impl Fn(&Hostname) -> bool) -> Result<Hostname, NoName> {
        let (class, place) = (self.name.clone(), self.place.to_string());
        match &self.naming {
            None => Err(NoName::NotSaid { class, place }),
            Some(Naming::NamePool(pool)) => {
                let names = pool.names();
                let count = names.len();
                names.into_iter().find(|name| !taken(name)).ok_or(NoName::Exhausted { class, place, count })
            }
            Some(Naming::NamePattern(pattern)) => {
                next_number(pattern, &self.vars, taken).map_err(|why| NoName::NoMore { class, place, why })
            }
        }
    }
}

fn next_number(pattern: &NamePattern, vars: &Vars, taken: impl Fn(&Hostname) -> bool) -> Result<Hostname, String> {
    for number in 1..=HIGHEST {
        let name = pattern.name(vars, number)?;
        if !taken(&name) {
            return Ok(name);
        }
    }
    Err(format!("all numbers up to {HIGHEST} are taken"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use std::collections::BTreeSet;

    fn class(naming: Naming) -> Class {
        Class {
            name: "worker".to_owned(),
            place: Place { file: "site.hcl".to_owned(), line: 12, column: 1 },
            naming: Some(naming),
            extends: None,
            profile: None,
            leave_by: None,
            secure_boot: None,
            configs: Vec::new(),
            inherited_configs: 0,
            vars: [("rack".to_owned(), serde_json::json!(7))].into(),
        }
    }

    /// The names that a class gives one after another.
    fn given(class: &Class, count: usize) -> Vec<String> {
        let mut taken = BTreeSet::new();
        for _ in 0..count {
            taken.insert(class.next_name(|name| taken.contains(name)).unwrap());
        }
        taken.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_built_in_lists_have_a_hundred_names_each() {
        for name in Pool::lists() {
            let names = Pool::known(name).unwrap().names();
            let distinct: BTreeSet<_> = names.iter().collect();
            let list = LISTS.iter().find(|(known, _)| *known == name).unwrap().1;
            let lines = list.lines().filter(|line| !line.starts_with('#')).count();
            assert!(names.len() >= 100 && names.len() == distinct.len() && names.len() == lines, "{name}: {lines}");
        }
    }

    #[test]
    fn the_next_name_is_the_first_that_nobody_has() {
        let stars = class(Naming::NamePool(Pool::known("stars").unwrap()));
        assert_eq!(stars.next_name(|name| name.as_str() < "t").unwrap().as_str(), "vega");
        assert_eq!(given(&stars, 2), ["canopus", "sirius"]);
        let pattern = class(Naming::NamePattern(NamePattern::parse("rack{rack}-{n:02}").unwrap()));
        assert_eq!(given(&pattern, 3), ["rack7-01", "rack7-02", "rack7-03"]);
        assert_eq!(
            pattern.next_name(|name| name.as_str() != "rack7-02").unwrap().as_str(),
            "rack7-02",
            "a gap is filled"
        );
    }

    #[test]
    fn where_there_is_none_left_it_is_said_what_to_do() {
        let own = class(Naming::NamePool(Pool::Own(vec!["a".parse().unwrap(), "b".parse().unwrap()])));
        let error = own.next_name(|_| true).unwrap_err().to_string();
        assert!(
            error.contains("all 2 of its `name_pool` are taken (site.hcl:12:1)") && error.contains("retire"),
            "{error}"
        );
        let pattern = class(Naming::NamePattern(NamePattern::parse("{shelf}{n}").unwrap()));
        assert!(pattern.next_name(|_| false).unwrap_err().to_string().contains("no variable `shelf`"));
        let none = Class { naming: None, ..pattern };
        assert!(none.next_name(|_| false).unwrap_err().to_string().contains("neither `name_pool` nor `name_pattern`"));
    }
}
