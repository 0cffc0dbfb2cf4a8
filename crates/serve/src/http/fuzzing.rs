//! See [`crate::fuzzing`].

use super::query::Query;
use firstlight_boot::{Ask, Choice};

/// What a query asks and chooses, where it can be read.
pub(crate) fn parse(text: &str) -> Option<(Ask, Option<Choice>)> {
    let query = Query::parse(text)?;
    Some((query.ask().ok()?, query.choice()))
}
