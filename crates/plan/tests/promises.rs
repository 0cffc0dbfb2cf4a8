//! What holds whatever happens, in any order: nothing but an order or a first `wipe = true` leads to an install, tries
//! are bounded, and only the right attempt's report completes.
#![allow(clippy::unwrap_used)]

use firstlight_model::Timestamp;
use firstlight_plan::{Boots, Input, Install, Order, Rules, Stage, Standing, step};
use proptest::prelude::*;
use std::time::Duration;

fn input() -> impl Strategy<Value = Input> {
    let id = || (0u8..6).prop_map(|n| n.to_string());
    prop_oneof![
        6 => Just(Input::Asked(String::new())),
        2 => id().prop_map(Input::FetchedKernel),
        4 => id().prop_map(Input::Reported),
        1 => id().prop_map(Input::Told),
        2 => id().prop_map(|id| Input::Failed(id, "why".to_owned())),
        3 => Just(Input::Tick),
        1 => Just(Order::Approve.into()),
        1 => Just(Order::Arm.into()),
        1 => Just(Order::Hold { reason: String::new() }.into()),
        1 => Just(Order::Retire.into()),
        1 => Just(Order::BootOnce { profile: "rescue".to_owned() }.into()),
        1 => Just(Input::Named("vega".to_owned())),
        1 => Just(Input::Unnamed),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let install = (any::<bool>(), 1u32..4, any::<bool>()).prop_map(|(wipe, attempts, reported_by_system)| {
        let timeout = Duration::from_secs(100);
        Boots::Install(Install { profile: "p".to_owned(), wipe, attempts, timeout, reported_by_system })
    });
    let boots = prop_oneof![
        6 => install,
        1 => Just(Boots::Nothing("none".to_owned())),
        1 => Just(Boots::Elsewhere),
        1 => Just(Boots::Disk),
        1 => any::<bool>().prop_map(|reports| Boots::Live { reports }),
    ];
    let (declared, once_is_safe) = (prop::bool::weighted(0.8), any::<bool>());
    (declared, boots, once_is_safe).prop_map(|(declared, boots, once_is_safe)| Rules { declared, boots, once_is_safe })
}

/// The site changes now and then, most inputs meet the one before.
fn history() -> impl Strategy<Value = Vec<(Input, Option<Rules>, u64)>> {
    prop::collection::vec((input(), prop::option::weighted(0.15, rules()), 0u64..80), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_promises_hold(first in rules(), history in history()) {
        let (mut standing, mut rules, mut now) = (Standing::default(), first, Timestamp(1_000_000));
        // Installs that somebody's word allows: each order one cycle, the site's own word one for ever.
        let (mut allowed, mut sites_word, mut begun, mut next) = (false, true, 0u32, 0u32);
        for (input, changed, seconds) in history {
            rules = changed.unwrap_or(rules);
            now = Timestamp(now.0 + seconds * 1000);
            let input = match input {
                Input::Asked(_) => { next += 1; Input::Asked((next % 6).to_string()) }
                other => other,
            };
            let Ok(moved) = step(&standing, &input, &rules, now) else { continue };
            // From a stage to itself nothing begins, but for an order to arm once more.
            let rearmed = input == Input::Ordered(Order::Arm);
            for walked in moved.steps.iter().filter(|walked| walked.from != walked.to || rearmed) {
                if walked.to == Stage::Armed {
                    let by_order = matches!(input, Input::Ordered(Order::Approve | Order::Arm));
                    let by_site = matches!(&rules.boots, Boots::Install(install) if install.wipe);
                    prop_assert!(rules.declared && (by_order || (by_site && sites_word)), "{walked:?} by {input:?}");
                    sites_word = false;
                    (allowed, begun) = (true, 0);
                }
                if walked.to == Stage::Installing {
                    let Boots::Install(install) = &rules.boots else { panic!("{walked:?} by {rules:?}") };
                    begun += 1;
                    prop_assert!(allowed && rules.declared, "{walked:?}");
                    prop_assert!(begun <= install.attempts, "tries are bounded");
                    prop_assert!(matches!(walked.from, Stage::Armed | Stage::InstallFailed));
                    prop_assert!(matches!(input, Input::Asked(_)));
                }
                // A machine that booted anything else is no blank one any more.
                if matches!(walked.to, Stage::Booting | Stage::InService) {
                    sites_word = false;
                }
                if walked.to == Stage::Installed && walked.from != Stage::Approved {
                    let Input::Reported(id) = &input else { panic!("{walked:?} by {input:?}") };
                    let own = standing.attempt.as_ref().unwrap();
                    prop_assert!(own.id == *id && own.installs && !own.ended, "{own:?}");
                }
                if matches!(walked.to, Stage::Held | Stage::Retired | Stage::Installed) {
                    allowed = false;
                }
                prop_assert!(!walked.cause.is_empty() || matches!(input, Input::Ordered(_)));
            }
            if moved.standing.on_disk && !standing.on_disk {
                prop_assert!(matches!(input, Input::Reported(_)), "only a report says that the disk is written");
            }
            prop_assert!(moved.standing.failures.len() <= 4, "what is kept is bounded");
            standing = moved.standing;
        }
    }

    /// A report is taken once, and from nobody but the attempt that counts.
    #[test]
    fn a_report_counts_once(wipe: bool, id in "[ab]") {
        let timeout = Duration::from_secs(100);
        let boots = Boots::Install(Install { profile: "p".to_owned(), wipe, attempts: 3, timeout, reported_by_system: false });
        let rules = Rules { declared: true, boots, once_is_safe: true };
        let armed = step(&Standing::default(), &Order::Arm.into(), &rules, Timestamp(0)).unwrap().standing;
        let installing = step(&armed, &Input::Asked("a".to_owned()), &rules, Timestamp(0)).unwrap().standing;
        let first = step(&installing, &Input::Reported(id.clone()), &rules, Timestamp(0));
        prop_assert_eq!(first.is_ok(), id == "a");
        if let Ok(first) = first {
            prop_assert!(step(&first.standing, &Input::Reported(id), &rules, Timestamp(0)).is_err());
        }
    }
}
