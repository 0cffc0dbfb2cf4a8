use super::*;
use proptest::prelude::*;

const A: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const B: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn long(digit: char) -> String {
    digit.to_string().repeat(128)
}

/// What is found, as text, or the error.
fn look(list: &str, wanted: &str) -> String {
    match find(list.as_bytes(), wanted) {
        Ok(Found { name, hash: Hash::Sha256(hash), size }) => format!("{name} {} {size:?}", &hash.to_string()[..2]),
        Ok(Found { name, hash: Hash::Sha512(hash), size }) => format!("{name} 512:{:02x} {size:?}", hash.0[0]),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_sha256sum_writes() {
    let list = format!("{A}  linux\n{B} *initrd.gz\r\n{B}  a name with  blanks\n");
    assert_eq!(look(&list, "linux"), "linux 2c None");
    assert_eq!(look(&list, "https://example.org/images/initrd.gz?x=1#y"), "initrd.gz e3 None");
    assert_eq!(look(&list, "https://example.org/a%20name%20with%20%20blanks"), "a name with  blanks e3 None");
    assert_eq!(look(&list, "linus"), "it does not say the hash of linus; did you mean `linux`?");
    assert_eq!(
        look(&list, "https://example.org/x/linux2"),
        "it does not say the hash of linux2; did you mean `linux`?"
    );
}

#[test]
fn the_longest_end_of_the_path_counts() {
    let list = format!("{A}  ./netboot/amd64/linux\n{B}  ./cdrom/linux\n");
    assert_eq!(look(&list, "https://example.org/current/images/netboot/amd64/linux"), "./netboot/amd64/linux 2c None");
    assert_eq!(look(&list, "cdrom/linux"), "./cdrom/linux e3 None");
    assert_eq!(
        look(&list, "linux"),
        "it has several that linux could be: ./cdrom/linux, ./netboot/amd64/linux; give more of its path"
    );
    // Neither of the two is in that folder.
    assert!(look(&list, "https://example.org/images/hd/linux").starts_with("it does not say the hash of linux"));
    assert_eq!(look(&format!("{A}  a/linux\n{A}  b/linux\n"), "linux"), "a/linux 2c None");
    assert_eq!(look(&format!("{A}  linux\n{B}  netboot/linux\n"), "x/netboot/linux"), "netboot/linux e3 None");
}

#[test]
fn bsd_and_fedora() {
    let list = format!(
        "# Fedora-Server-dvd-x86_64-42-1.1.iso: 2914451456 bytes\nSHA256 (Fedora-Server-dvd-x86_64-42-1.1.iso) = {A}\n\
         SHA512 (other.iso) = {}\nMD5 (old.iso) = d41d8cd98f00b204e9800998ecf8427e\nSHA256 (wrong.iso) = {}\n",
        long('b'),
        long('c')
    );
    assert_eq!(look(&list, "Fedora-Server-dvd-x86_64-42-1.1.iso"), "Fedora-Server-dvd-x86_64-42-1.1.iso 2c None");
    assert_eq!(look(&list, "other.iso"), "other.iso 512:bb None");
    assert!(look(&list, "old.iso").starts_with("it does not say"));
    assert!(look(&list, "wrong.iso").starts_with("it does not say"));
}

#[test]
fn treeinfo_has_a_section_of_checksums() {
    let list = format!(
        "[checksums]\nimages/pxeboot/initrd.img = sha256:{A}\nimages/pxeboot/vmlinuz = sha256:{B}\nimages/x = md5:{A}\n\n\
         [general]\n; WARNING.0 = This section provides compatibility\nversion = 9.6\n"
    );
    assert_eq!(look(&list, "https://x/9.6/os/images/pxeboot/vmlinuz"), "images/pxeboot/vmlinuz e3 None");
    assert!(look(&list, "images/x").starts_with("it does not say"));
}

#[test]
fn digests_of_flatcar_have_headings() {
    let list = format!(
        "# MD5 HASH\nd41d8cd98f00b204e9800998ecf8427e  flatcar_production_pxe.vmlinuz\n\
         # SHA1 HASH\nda39a3ee5e6b4b0d3255bfef95601890afd80709  flatcar_production_pxe.vmlinuz\n\
         # BLAKE2B HASH\n{}  flatcar_production_pxe.vmlinuz\n# SHA512 HASH\n{}  flatcar_production_pxe.vmlinuz\n",
        long('a'),
        long('d')
    );
    assert_eq!(
        look(&list, "https://example.org/amd64-usr/current/flatcar_production_pxe.vmlinuz"),
        "flatcar_production_pxe.vmlinuz 512:dd None"
    );
}

#[test]
fn one_hash_alone_is_the_files() {
    assert_eq!(look(&format!("{A}\n"), "whatever.img"), " 2c None");
    assert!(look(&format!("{A}\n{B}\n"), "whatever.img").starts_with("it does not say"));
    assert!(look(&format!("{A}\n{B}  other\n"), "whatever.img").starts_with("it does not say"));
}

#[test]
fn debians_release_and_packages() {
    let release = format!(
        "Origin: Debian\nSuite: stable\nMD5Sum:\n d41d8cd98f00b204e9800998ecf8427e     1234 main/binary-amd64/Packages\n\
         SHA256:\n {A}  78334 main/installer-amd64/current/images/SHA256SUMS\n {B}     1234 main/binary-amd64/Packages.xz\n"
    );
    assert_eq!(
        look(&release, "https://deb.example/debian/dists/stable/main/installer-amd64/current/images/SHA256SUMS"),
        "main/installer-amd64/current/images/SHA256SUMS 2c Some(78334)"
    );
    let packages = format!(
        "Package: linux\nDescription: a kernel\n {B} 7 pool/main/l/linux.deb\nFilename: pool/main/l/linux.deb\nSize: 12\n\
         MD5sum: d41d8cd98f00b204e9800998ecf8427e\nSHA256: {A}\n\nPackage: other\nFilename: pool/o.deb\nSize: 1\n\nSHA256: {B}\n"
    );
    assert_eq!(
        look(&packages, "https://deb.example/debian/pool/main/l/linux.deb"),
        "pool/main/l/linux.deb 2c Some(12)"
    );
    assert!(look(&packages, "pool/o.deb").starts_with("it does not say"));
}

#[test]
fn of_two_kinds_sha256_is_taken_and_a_contradiction_is_an_error() {
    let both = format!("{A}  linux\n{}  linux\n", long('f'));
    assert_eq!(look(&both, "linux"), "linux 2c None");
    assert!(look(&format!("{both}{}  linux\n", long('e')), "linux").starts_with("it has several"));
}

#[test]
fn a_page_of_errors_is_no_list() {
    assert_eq!(
        look("<html><body>404 Not Found</body></html>\n", "linux"),
        "there is no SHA-256 or SHA-512 in it: is it a list of hashes?"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_a_list_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400), wanted in ".{0,40}") {
        let _ = find(&bytes, &wanted);
    }

    #[test]
    fn lines_made_of_the_right_words(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![A, B, " ", "  ", "*", "SHA256", "(", ")", " = ", "=", "\n", "x/y", "é", ":", "# ", "%4"]),
            0..40,
        ),
        wanted in "[a-z/%:é.]{0,20}",
    ) {
        let _ = find(lines.concat().as_bytes(), &wanted);
    }

    /// What sha256sum would write of a file is found again, among others.
    #[test]
    fn what_is_in_a_list_is_found(name in "[a-zA-Z0-9._+-]{1,20}", folder in "[a-z]{1,5}", before in 0usize..5) {
        let others: String = (0..before).map(|i| format!("{B}  {folder}/not-{i}-{name}\n")).collect();
        let list = format!("{others}{A}  {folder}/{name}\n");
        let found = find(list.as_bytes(), &format!("https://example.org/pub/{folder}/{name}")).unwrap();
        prop_assert_eq!(found.hash, Hash::Sha256(A.parse().unwrap()));
    }
}
