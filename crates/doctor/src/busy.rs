//! What a server had too much of lately, as its record says.

use crate::{Finding, Known};

const CHECK: &str = "http";

pub(crate) fn check(known: &Known) -> Vec<Finding> {
    let Some(refused) = &known.refused else { return Vec::new() };
    let text = format!(
        "at least {} HTTP connections were refused in the last day, the last at {}: {}",
        refused.count, refused.at, refused.last
    );
    let next = "`firstlight machines --watch` shows whose they are; machines behind one address (NAT) share its limit";
    vec![Finding::warning(CHECK, text, next)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refused;
    use firstlight_model::Timestamp;

    #[test]
    fn refused_connections_are_a_warning() {
        assert!(check(&Known::default()).is_empty());
        let refused = Refused { count: 12, at: Timestamp(0), last: "10.20.0.5: this address has too many".to_owned() };
        let found = check(&Known { refused: Some(refused), ..Known::default() });
        assert!(found[0].to_string().contains("at least 12 HTTP connections were refused"), "{}", found[0]);
    }
}
