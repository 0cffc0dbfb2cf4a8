//! What a kernel module says of itself: the `.modinfo` section of its ELF file (64 bits, little-endian, which is every
//! architecture that we boot). Only the names of the modules that it needs are read.

/// The modules that this one needs, from `depends=`; a symbolic name each, without order.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn depends(module: &[u8]) -> Result<Vec<String>, &'static str> {
    let info = section(module, b".modinfo")?.ok_or("it has no .modinfo section")?;
    let entries = info.split(|byte| *byte == 0).filter_map(|entry| entry.strip_prefix(b"depends="));
    let names = entries.flat_map(|list| list.split(|byte| *byte == b',')).filter(|name| !name.is_empty());
    Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

/// The content of the section of this name. Elf64_Ehdr and Elf64_Shdr are as in elf(5).
fn section<'a>(elf: &'a [u8], wanted: &[u8]) -> Result<Option<&'a [u8]>, &'static str> {
    const CUT: &str = "it is cut short";
    if elf.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("it is not a 64-bit little-endian ELF file");
    }
    let table = number(elf, 40, 8).ok_or(CUT)?;
    let (entry_size, count, names) =
        (number(elf, 58, 2).ok_or(CUT)?, number(elf, 60, 2).ok_or(CUT)?, number(elf, 62, 2).ok_or(CUT)?);
    let header = |i: usize| elf.get(table.checked_add(i.checked_mul(entry_size)?)?..);
    let content = |header: &[u8]| slice(elf, number(header, 24, 8)?, number(header, 32, 8)?);
    let names = header(names).and_then(content).ok_or(CUT)?;
    for i in 0..count {
        let header = header(i).ok_or(CUT)?;
        let name = names.get(number(header, 0, 4).ok_or(CUT)?..).ok_or(CUT)?;
        if name.split(|byte| *byte == 0).next() == Some(wanted) {
            return content(header).map(Some).ok_or(CUT);
        }
    }
    Ok(None)
}

fn slice(bytes: &[u8], start: usize, length: usize) -> Option<&[u8]> {
    bytes.get(start..start.checked_add(length)?)
}

fn number(bytes: &[u8], start: usize, length: usize) -> Option<usize> {
    let digits = slice(bytes, start, length)?;
    usize::try_from(digits.iter().rev().fold(0u64, |n, byte| (n << 8) | u64::from(*byte))).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An ELF file with nothing but a `.modinfo` section and the names of the sections.
    pub(crate) fn module(info: &str) -> Vec<u8> {
        let names = b"\0.modinfo\0.shstrtab\0";
        let mut elf = vec![0; 64];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let (info_at, names_at) = (elf.len(), elf.len() + info.len());
        elf.extend(info.bytes().chain(names.iter().copied()));
        let table = elf.len();
        for (name, start, length) in [(0, 0, 0), (1, info_at, info.len()), (10, names_at, names.len())] {
            let mut header = [0; 64];
            header[0] = name;
            header[24..32].copy_from_slice(&(start as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(length as u64).to_le_bytes());
            elf.extend(header);
        }
        elf[40..48].copy_from_slice(&(table as u64).to_le_bytes());
        elf[58..64].copy_from_slice(&[64, 0, 3, 0, 2, 0]);
        elf
    }

    #[test]
    fn the_needed_modules_are_read() {
        assert_eq!(
            depends(&module("license=GPL\0depends=virtio,virtio_ring\0name=x\0")).unwrap(),
            ["virtio", "virtio_ring"]
        );
        assert!(depends(&module("license=GPL\0depends=\0")).unwrap().is_empty());
        assert!(depends(b"no ELF").is_err());
    }

    proptest! {
        #[test]
        fn damage_never_panics(at in 0usize..300, value: u8, cut in 0usize..400) {
            let mut bytes = module("license=GPL\0depends=virtio\0");
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            bytes.truncate(cut);
            let _ = depends(&bytes);
        }
    }
}
