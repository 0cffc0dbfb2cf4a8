//! How long a translation takes: a config as people write it, a thousand local files, one large file.
//!
//! `cargo bench -p firstlight-butane`; bench/README.md has the figures beside those of the reference.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use firstlight_butane::{Files, Folder, NoFiles, Options, translate};
use std::{fs, hint::black_box, path::Path};

const WORKER: &str = include_str!("worker.bu");
const HEADER: &str = "variant: flatcar\nversion: 1.1.0\nstorage:\n";

/// Text that compresses about as configuration files do.
fn prose(length: usize) -> String {
    const WORDS: [&str; 16] = [
        "listen",
        "address",
        "=",
        "10.20.",
        "server",
        "{",
        "}",
        "\n",
        "timeout",
        "log_level",
        "\"info\"",
        "tls",
        "/etc/",
        "cert.pem",
        "retry",
        "#",
    ];
    let mut state = 1_u64;
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(WORDS[(state >> 60) as usize]);
        text.push_str(&((state >> 40) & 0xff).to_string());
    }
    text.truncate(length);
    text
}

fn run(config: &str, files: &dyn Files) -> usize {
    let outcome = translate(black_box(config), files, Options::default());
    outcome.ignition.unwrap_or_else(|| panic!("{}", outcome.report)).len()
}

fn lay_out(dir: &Path) {
    let thousand = prose(1 << 20);
    fs::create_dir(dir.join("tree")).unwrap();
    for at in 0..1000 {
        let part = thousand.len() / 1000;
        fs::write(dir.join(format!("tree/{at:04}")), &thousand[at * part..(at + 1) * part]).unwrap();
    }
    fs::write(dir.join("large"), prose(9_800_000)).unwrap();
}

fn benches(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    lay_out(dir.path());
    let folder = Folder::new(dir.path());
    let tree = format!("{HEADER}  trees:\n    - local: tree\n");
    let large = format!("{HEADER}  files:\n    - path: /large\n      contents:\n        local: large\n");

    criterion.bench_function("a worker's config", |b| b.iter(|| run(WORKER, &NoFiles)));
    let mut slow = criterion.benchmark_group("local");
    slow.sample_size(10);
    slow.bench_function("1,000 files of 1 MB together", |b| b.iter(|| run(&tree, &folder)));
    slow.bench_function("one file of 9.8 MB", |b| b.iter(|| run(&large, &folder)));
    slow.finish();
}

criterion_group!(translation, benches);
criterion_main!(translation);
