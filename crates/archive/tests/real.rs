//! Archives made by the real programs: what comes out is what went in.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_archive::{Archive, Error, Kind, Limits};
use std::{
    fs::{self, File},
    io::Cursor,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

const LONG: &str = "usr/share/doc/a-folder-with-a-name-that-is-longer-than-what-an-old-tar-header-has-room-for/another-folder-of-that-kind-so-that-also-the-prefix-of-ustar-is-too-short-for-it/and-a-third-one-to-be-quite-sure-of-that-in-every-program/a-file-whose-own-name-goes-beyond-a-hundred-characters-as-well-which-makes-it-impossible-for-ustar-at-all.txt";
const FILES: [&str; 5] = ["boot/vmlinuz-6.1", "boot/initrd.img", "usr/lib/Ünïcode.txt", "empty", LONG];

/// A folder of files, links and folders to pack, and a place for what is packed.
struct Tree {
    dir: tempfile::TempDir,
}

impl Tree {
    fn new() -> Tree {
        let tree = Tree { dir: tempfile::tempdir().unwrap() };
        for (at, name) in FILES.iter().enumerate() {
            let path = tree.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, if *name == "empty" { Vec::new() } else { noise(at as u32 + 1, 40_001 + at) }).unwrap();
        }
        symlink("boot/vmlinuz-6.1", tree.root().join("vmlinuz")).unwrap();
        symlink("../../boot", tree.root().join("usr/lib/kernels")).unwrap();
        symlink("/vmlinuz", tree.root().join("boot/default")).unwrap();
        symlink("nowhere", tree.root().join("dangling")).unwrap();
        fs::hard_link(tree.root().join("boot/initrd.img"), tree.root().join("boot/initrd.old")).unwrap();
        tree
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    /// Runs a shell's line in the folder; `$OUT` is the file to make.
    fn packed(&self, line: &str) -> PathBuf {
        let out = self.dir.path().join("packed");
        let _ = fs::remove_file(&out);
        run(&self.root(), &out, line);
        out
    }

    fn content(&self, path: &str) -> Vec<u8> {
        fs::read(self.root().join(path)).unwrap()
    }

    /// Every file, through links in every place, by every way of writing it.
    fn is_in(&self, archive: &Path, prefix: &str) {
        let mut archive = open(archive);
        let mut extract = |path: &str| content_of(&mut archive, &format!("{prefix}{path}"));
        for path in FILES {
            assert_eq!(extract(path).unwrap(), self.content(path), "{path}");
        }
        let linked = ["vmlinuz", "boot/default", "usr/lib/kernels/vmlinuz-6.1", "usr/lib/kernels/../boot/default"];
        for path in linked {
            assert_eq!(extract(path).unwrap(), self.content("boot/vmlinuz-6.1"), "{path}");
        }
        assert_eq!(extract("boot/initrd.old").unwrap(), self.content("boot/initrd.img"));
        let mut error = |path: &str| extract(path).unwrap_err();
        assert!(matches!(error("dangling"), Error::Dangling { target, .. } if target.ends_with("nowhere")));
        assert!(matches!(error("boot"), Error::NotFile { what: "a folder", .. }));
        let near = error("initrd.img").to_string();
        assert!(near.contains("no member") && near.contains("boot/initrd.img`"), "{near}");
    }
}

fn run(folder: &Path, out: &Path, line: &str) {
    let output = Command::new("sh").args(["-ec", line]).current_dir(folder).env("OUT", out).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Bytes that are compressed to about half.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (state >> 28) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn open(path: &Path) -> Archive<File> {
    Archive::open(File::open(path).unwrap(), Limits::default()).unwrap()
}

fn content_of(archive: &mut Archive<File>, member: &str) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    archive.extract(member, &mut content)?;
    Ok(content)
}

fn extract(path: &Path, member: &str) -> Vec<u8> {
    content_of(&mut open(path), member).unwrap_or_else(|error| panic!("{member}: {error}"))
}

#[test]
fn tar_in_every_format_and_compression() {
    let tree = Tree::new();
    for format in ["gnu", "posix"] {
        tree.is_in(&tree.packed(&format!("tar --format={format} -cf $OUT .")), "");
        tree.is_in(&tree.packed(&format!("tar --format={format} -cf $OUT *")), "./");
    }
    for compress in ["gzip", "xz", "zstd", "bzip2"] {
        tree.is_in(&tree.packed(&format!("tar -cf - . | {compress} -c >$OUT")), "/");
    }
    let below = tree.packed("tar -C .. -cf $OUT root");
    assert_eq!(extract(&below, "root/usr/lib/kernels/vmlinuz-6.1"), tree.content("boot/vmlinuz-6.1"));
}

#[test]
fn links_in_a_circle_end() {
    let tree = Tree::new();
    let archive = tree.packed("ln -s b a && ln -s a b && tar -cf $OUT .");
    assert!(matches!(open(&archive).find("a"), Err(Error::Links { .. })));
}

#[test]
fn compressed_streams_behind_each_other_are_one() {
    let tree = Tree::new();
    for compress in ["gzip", "xz", "zstd", "bzip2"] {
        let line = format!(
            "tar -cf ../t . && split -b 30001 ../t ../part. && for p in ../part.*; do {compress} -c $p; done >$OUT"
        );
        tree.is_in(&tree.packed(&line), "");
    }
}

#[test]
fn a_ustar_of_short_names() {
    let tree = Tree::new();
    let archive = tree.packed("rm -r usr/share && tar --format=ustar -cf $OUT .");
    assert_eq!(extract(&archive, "boot/initrd.img"), tree.content("boot/initrd.img"));
}

#[test]
fn what_was_appended_last_counts() {
    let tree = Tree::new();
    let archive = tree.packed("tar -cf $OUT . && echo new >empty && tar -rf $OUT ./empty");
    assert_eq!(extract(&archive, "empty"), b"new\n");
}

#[test]
fn debian_packages_of_every_compression() {
    let tree = Tree::new();
    let control =
        "Package: kernel\\nVersion: 1\\nArchitecture: all\\nMaintainer: M <m@example.org>\\nDescription: d\\n";
    for compress in ["none", "gzip", "xz", "zstd"] {
        let line = format!(
            "mkdir -p DEBIAN && printf '{control}' >DEBIAN/control && dpkg-deb --root-owner-group -Z{compress} -b . $OUT"
        );
        if compress == "zstd" && !has_zstd_packages() {
            continue;
        }
        tree.is_in(&tree.packed(&line), "");
    }
}

/// Debian's own packages are never compressed by zstd; Ubuntu's are. Debian's dpkg-deb makes them since 1.21.18.
fn has_zstd_packages() -> bool {
    let help = Command::new("dpkg-deb").arg("--help").output().unwrap();
    String::from_utf8_lossy(&help.stdout).contains("zstd")
}

#[test]
fn rpm_packages_of_every_compression() {
    let tree = Tree::new();
    for payload in ["w0.gzdio", "w9.gzdio", "w6.xzdio", "w3.zstdio", "w9.bzdio"] {
        let spec = "Name: kernel\\nVersion: 1\\nRelease: 1\\nSummary: s\\nLicense: none\\nBuildArch: noarch\\n%%description\\nd\\n\
                    %%install\\nmkdir -p %%{buildroot}; cp -a $PWD/. %%{buildroot}/\\n%%files\\n/*\\n";
        let line = format!(
            "printf \"{spec}\" >../kernel.spec
             rpmbuild -bb --define \"_topdir $PWD/../rpm\" --define '_binary_payload {payload}' --define '__os_install_post %{{nil}}' \
               --define '_build_id_links none' --define '__spec_install_pre %{{nil}}' ../kernel.spec >&2
             cp ../rpm/RPMS/noarch/kernel-1-1.noarch.rpm $OUT"
        );
        tree.is_in(&tree.packed(&line), "");
    }
}

#[test]
fn cpio_and_initrds_of_several_parts() {
    let tree = Tree::new();
    tree.is_in(&tree.packed("find . | cpio -o -H newc --quiet >$OUT"), "");
    tree.is_in(&tree.packed("find . | cpio -o -H crc --quiet >$OUT"), "");
    for compress in ["gzip", "xz --check=crc32", "zstd", "bzip2"] {
        let line = format!(
            "echo early >../early && (cd .. && echo early | cpio -o -H newc --quiet) >$OUT
             truncate -s %4096 $OUT
             echo boot | cpio -o -H newc --quiet | gzip >>$OUT
             find . | cpio -o -H newc --quiet | {compress} -c >>$OUT
             echo '#BOOTCONFIG' >>$OUT"
        );
        let archive = tree.packed(&line);
        tree.is_in(&archive, "");
        assert_eq!(extract(&archive, "early"), b"early\n");
    }
}

#[test]
fn zip_stored_deflated_and_streamed() {
    let tree = Tree::new();
    for options in ["-0", "-9"] {
        let archive = tree.packed(&format!("zip -qry {options} - . >$OUT"));
        // zip knows no hard links: each name has the content.
        tree.is_in(&archive, "");
    }
    let streamed = tree.packed("cat boot/initrd.img | zip -q -fz - - >$OUT");
    assert_eq!(extract(&streamed, "-"), tree.content("boot/initrd.img"));
}

#[test]
fn iso_with_names_of_rock_ridge() {
    let tree = Tree::new();
    tree.is_in(&tree.packed("genisoimage -quiet -R -J -o $OUT ."), "");
    tree.is_in(&tree.packed("xorriso -as mkisofs -quiet -R -o $OUT ."), "");
    // Deep folders are moved to another place, and back by Rock Ridge.
    let deep = "1/2/3/4/5/6/7/8/9/10/file";
    let archive = tree.packed(&format!(
        "mkdir -p {} && echo deep >{deep} && genisoimage -quiet -R -o $OUT .",
        &deep[..deep.len() - 5]
    ));
    assert_eq!(extract(&archive, deep), b"deep\n");
}

#[test]
fn iso_with_names_of_joliet_or_plain_ones() {
    let tree = Tree::new();
    let joliet = tree.packed("rm -r usr/share && genisoimage -quiet -J -joliet-long -o $OUT .");
    for path in ["boot/vmlinuz-6.1", "usr/lib/Ünïcode.txt", "empty"] {
        assert_eq!(extract(&joliet, path), tree.content(path), "{path}");
    }
    let plain = tree.packed("genisoimage -quiet -l -o $OUT boot");
    assert_eq!(extract(&plain, "initrd.img"), tree.content("boot/initrd.img"));
}

#[test]
fn every_member_is_listed_with_its_kind_and_size() {
    let tree = Tree::new();
    for line in [
        "tar -cf $OUT .",
        "zip -qry - . >$OUT",
        "genisoimage -quiet -R -o $OUT .",
        "find . | cpio -o -H newc --quiet >$OUT",
    ] {
        let archive = open(&tree.packed(line));
        let find = |path: &str| archive.members().iter().find(|member| member.path == path).unwrap();
        assert_eq!((&find("boot").kind, find("boot").size), (&Kind::Folder, 0));
        assert_eq!((&find("boot/vmlinuz-6.1").kind, find("boot/vmlinuz-6.1").size), (&Kind::File, 40_001));
        assert_eq!(find("vmlinuz").kind, Kind::Symlink("boot/vmlinuz-6.1".into()));
        assert_eq!(archive.find("vmlinuz").unwrap().path, "boot/vmlinuz-6.1");
    }
}

#[test]
fn a_bomb_is_refused_before_it_fills_anything() {
    let tree = Tree::new();
    let limits = Limits { unpacked: 1 << 20, ..Limits::default() };
    for line in [
        "tar -c zeros | xz -c >$OUT",
        "tar -c zeros | zstd -c >$OUT",
        "tar -c zeros | gzip -c >$OUT",
        "tar -c zeros | bzip2 -c >$OUT",
    ] {
        let archive = tree.packed(&format!("truncate -s 16M zeros && {line}"));
        let error = Archive::open(File::open(archive).unwrap(), limits).unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 1_048_576, .. }), "{error}");
    }
    let zip = tree.packed("truncate -s 16M zeros && zip -q - zeros >$OUT");
    let error = Archive::open(File::open(zip).unwrap(), limits).unwrap().extract("zeros", &mut Vec::new()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let members = Limits { members: 3, ..Limits::default() };
    let error = Archive::open(File::open(tree.packed("tar -cf $OUT .")).unwrap(), members).unwrap_err();
    assert!(matches!(error, Error::TooLarge { what: "members", .. }), "{error}");
}

#[test]
fn an_archive_that_is_cut_off_or_damaged_is_never_taken_for_whole() {
    let tree = Tree::new();
    let lines = [
        "tar -cf - boot | gzip >$OUT",
        "tar -cf - boot | xz >$OUT",
        "tar -cf - boot | zstd --check >$OUT",
        "tar -cf - boot | bzip2 >$OUT",
        "zip -qry - boot >$OUT",
    ];
    for line in lines {
        let whole = fs::read(tree.packed(line)).unwrap();
        let wanted = tree.content("boot/initrd.img");
        let read = |bytes: &[u8]| -> Option<Vec<u8>> {
            let mut content = Vec::new();
            Archive::open(Cursor::new(bytes), Limits::default()).ok()?.extract("boot/initrd.img", &mut content).ok()?;
            Some(content)
        };
        assert_eq!(read(&whole).as_ref(), Some(&wanted), "{line}");
        for at in (0..whole.len()).step_by(whole.len() / 23) {
            assert!(read(&whole[..at]).is_none_or(|content| content == wanted), "{line} cut at {at}");
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            assert!(read(&damaged).is_none_or(|content| content == wanted), "{line} damaged at {at}");
        }
    }
}

/// The programs here make files of several extents only over 4 GiB: two small files are made one by hand.
#[test]
fn iso_with_a_file_of_two_extents() {
    let tree = Tree::new();
    let archive = tree.packed("mkdir two && cp boot/vmlinuz-6.1 two/one.txt && cp boot/initrd.img two/two.txt && genisoimage -quiet -o $OUT two");
    let mut bytes = fs::read(archive).unwrap();
    let find = |bytes: &[u8], name: &[u8]| bytes.windows(name.len()).position(|window| window == name).unwrap();
    let (one, two) = (find(&bytes, b"ONE.TXT;1"), find(&bytes, b"TWO.TXT;1"));
    bytes[one - 33 + 25] |= 0x80;
    bytes[two..two + 3].copy_from_slice(b"ONE");
    let mut archive = Archive::open(Cursor::new(bytes), Limits::default()).unwrap();
    assert_eq!(archive.members().len(), 1);
    let mut content = Vec::new();
    assert_eq!(archive.extract("one.txt", &mut content).unwrap(), content.len() as u64);
    assert_eq!(content, [tree.content("boot/vmlinuz-6.1"), tree.content("boot/initrd.img")].concat());
}

#[test]
fn no_damage_makes_it_panic() {
    let tree = Tree::new();
    let lines = [
        "tar --format=posix -cf $OUT usr vmlinuz",
        "find boot usr | cpio -o -H newc --quiet >$OUT",
        "zip -qry - boot usr vmlinuz >$OUT",
        "genisoimage -quiet -R -J -o $OUT usr",
    ];
    for line in lines {
        let whole = fs::read(tree.packed(line)).unwrap();
        // Where the structure lies: anything but the files' own bytes.
        let places: Vec<usize> =
            (0..whole.len()).filter(|at| !whole[*at].is_ascii_lowercase() && whole[*at] != 0).collect();
        for round in 0..300_u32 {
            let mut damaged = whole.clone();
            for (at, byte) in noise(round, 3).into_iter().enumerate() {
                let random = (round as usize).wrapping_mul(2_654_435_761).wrapping_add(at * 40_503);
                damaged[places[random % places.len()]] = byte.wrapping_mul(round as u8);
            }
            let limits = Limits { unpacked: 1 << 20, members: 100, names: 64 << 10 };
            if let Ok(mut archive) = Archive::open(Cursor::new(damaged), limits) {
                let _ = archive.extract("usr/lib/Ünïcode.txt", &mut Vec::new());
            }
        }
    }
}
