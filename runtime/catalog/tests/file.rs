//! Reading compiled programs: every format, and hostile files.
#![cfg(feature = "file")]
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod common;

use common::{SITE, family, other_site, program, record};
use measurand_catalog::{families, parse, read_file, read_object};
use object::write::pe;
use object::write::{Object, StandardSegment};
use object::{Architecture, BinaryFormat, Endianness, SectionFlags, SectionKind};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// An object file with these sections.
fn object(format: BinaryFormat, sections: &[(&str, &[u8])]) -> Vec<u8> {
    let architecture = if format == BinaryFormat::MachO { Architecture::Aarch64 } else { Architecture::X86_64 };
    let mut object = Object::new(format, architecture, Endianness::Little);
    for (name, data) in sections {
        let segment = object.segment_name(StandardSegment::Data).to_vec();
        let id = object.add_section(segment, name.as_bytes().to_vec(), SectionKind::Data);
        object.append_section_data(id, data, 1);
    }
    object.write().unwrap()
}

fn elf(records: &[u8]) -> Vec<u8> {
    object(BinaryFormat::Elf, &[(".text", b"code"), (".msrnd", records)])
}

fn mach_o(records: &[u8]) -> Vec<u8> {
    object(BinaryFormat::MachO, &[("__other", b"data"), ("__measurand", records)])
}

/// A program for Windows with one section.
fn windows(records: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = pe::Writer::new(true, 0x1000, 0x200, &mut bytes);
    writer.reserve_dos_header_and_stub();
    writer.reserve_nt_headers(16);
    writer.reserve_section_headers(1);
    let length = u32::try_from(records.len()).unwrap();
    let flags = object::pe::IMAGE_SCN_CNT_INITIALIZED_DATA | object::pe::IMAGE_SCN_MEM_READ;
    let range = writer.reserve_section(*b".msrnd\0\0", flags, length, length);
    writer.write_dos_header_and_stub().unwrap();
    writer.write_nt_headers(pe::NtHeaders {
        machine: object::pe::IMAGE_FILE_MACHINE_AMD64,
        time_date_stamp: 0,
        characteristics: object::pe::IMAGE_FILE_EXECUTABLE_IMAGE,
        major_linker_version: 0,
        minor_linker_version: 0,
        address_of_entry_point: 0,
        image_base: 0x1_4000_0000,
        major_operating_system_version: 0,
        minor_operating_system_version: 0,
        major_image_version: 0,
        minor_image_version: 0,
        major_subsystem_version: 0,
        minor_subsystem_version: 0,
        subsystem: object::pe::IMAGE_SUBSYSTEM_WINDOWS_CUI,
        dll_characteristics: object::pe::DllFlags(0),
        size_of_stack_reserve: 0,
        size_of_stack_commit: 0,
        size_of_heap_reserve: 0,
        size_of_heap_commit: 0,
    });
    writer.write_section_headers();
    writer.write_section(range.file_offset, records);
    bytes
}

/// A universal file with these architectures.
fn universal(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [0xcafe_babe, u32::try_from(parts.len()).unwrap()].map(u32::to_be_bytes).concat();
    let mut start = 4096;
    for (index, part) in (0..).zip(parts) {
        let length = u32::try_from(part.len()).unwrap();
        bytes.extend([0x0100_000c_u32, index, start, length, 12].map(u32::to_be_bytes).concat());
        start += length.next_multiple_of(4096);
    }
    for part in parts {
        bytes.resize(bytes.len().next_multiple_of(4096), 0);
        bytes.extend(*part);
    }
    bytes
}

#[test]
fn every_format_gives_the_same_catalog() {
    let expected = parse(&program()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app");
    let parts = [family(&families::DATABASE), record(SITE), other_site("store", 20)];
    let split = [(".msrnd", parts[2].as_slice()), (".data", b"x"), (".msrnd", &parts[0]), (".msrnd", &parts[1])];
    let apart = mach_o(&[family(&families::DATABASE), record(&SITE.replace("|load|", "|other|"))].concat());
    for bytes in [
        elf(&program()),
        object(BinaryFormat::Coff, &[(".msrnd", &program())]),
        object(BinaryFormat::Elf, &split),
        mach_o(&program()),
        windows(&program()),
        universal(&[&mach_o(&program()), &mach_o(&program())]),
        universal(&[&mach_o(b""), b"noise", &mach_o(&program()), &apart]),
    ] {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(read_file(&path).unwrap(), expected);
        assert_eq!(read_object(&bytes).unwrap(), expected);
    }
}

/// Checks the message for a file with these contents.
fn check(bytes: &[u8], expected: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app");
    fs::write(&path, bytes).unwrap();
    let error = read_file(&path).unwrap_err();
    let in_memory = read_object(bytes).unwrap_err();
    assert_eq!(error.reason.to_string(), in_memory.to_string());
    assert_message(&error.to_string(), &format!("app` {expected}"));
}

fn assert_message(message: &str, expected: &str) {
    assert!(message.contains(expected), "{message}\nlacks: {expected}");
    assert!(!message.chars().any(char::is_control) && !message.ends_with('.'), "{message:?}");
}

#[test]
fn the_message_for_a_file_without_a_catalog_says_what_to_do() {
    let none = "has no annotated functions (no section `.msrnd`): annotate one with `#[measured]`, and make sure \
                the crate that contains it is linked";
    check(b"", "is not a program (ELF, Mach-O or PE); name a compiled program");
    check(b"#!/bin/sh\necho this is a script\n", "is not a program (ELF, Mach-O or PE)");
    check(b"\xca\xfe\xba\xbe\0\0\0\x41 compiled Java, which begins alike", "is not a program (ELF, Mach-O or PE)");
    check(&universal(&[b"noise", b""]), "is not a program (ELF, Mach-O or PE)");
    check(b"!<arch>\nlib.o/          0           0     0     644     0         `\n", "is a static library");
    check(&object(BinaryFormat::Elf, &[(".text", b"code")]), none);
    check(
        &object(BinaryFormat::MachO, &[("__text", b"code")]),
        "has no annotated functions (no section `__measurand`)",
    );
    check(&universal(&[&object(BinaryFormat::MachO, &[])]), "has no annotated functions (no section `__measurand`)");
    check(&elf(b""), "has no annotated functions (the section `.msrnd` names none): annotate one");
    check(&elf(&family(&families::DATABASE)), "has no annotated functions (the section `.msrnd` names none)");
    check(&elf(&program()[..program().len() - 9]), "has records that cannot be read: the record at byte");
    check(
        &elf(b"\x02measurand\x1f2\x1f\x03"),
        "has records that cannot be read: the record at byte 0 was written by another version of measurand",
    );
    check(
        &elf(&record(&SITE.replace("|load|", "|lo\u{1b}[31mad|"))),
        r"has records that cannot be read: the record at byte 0 has the invalid function `lo\u{1b}[31mad`",
    );
}

#[test]
fn paths_are_named_without_escape_sequences() {
    let directory = tempfile::tempdir().unwrap();
    let said = |path: &Path| read_file(path).unwrap_err().to_string();
    assert_message(&said(directory.path()), "is a directory; name a program in it");
    let absent = directory.path().join("a\u{1b}[2Jb");
    let expected = r"a\u{1b}[2Jb`: No such file or directory; name a compiled program or the address of a running one";
    assert_message(&said(&absent), expected);
    assert_message(&said(Path::new("/dev/null")), "`/dev/null` is not a regular file");
}

#[test]
fn hostile_headers_are_not_believed() {
    let huge = directory_entry(&elf(&program()), u64::MAX / 2);
    check(&huge, "claims 8796093022208 MiB of records, more than the limit of 256 MiB");
    check(&directory_entry(&elf(&program()), 1 << 20), "is cut off or damaged (");
    let cut = elf(&program());
    check(&cut[..cut.len() - 100], "is cut off or damaged (");
    check(&cut[..64], "is cut off or damaged (");
    let mut compressed = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let id = compressed.add_section(Vec::new(), b".msrnd".to_vec(), SectionKind::Data);
    compressed.append_section_data(
        id,
        &[1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3],
        8,
    );
    compressed.section_mut(id).flags =
        SectionFlags::Elf { sh_type: object::elf::SHT_PROGBITS, sh_flags: object::elf::SHF_COMPRESSED };
    check(&compressed.write().unwrap(), "has a compressed section `.msrnd`; build it without compressed sections");
    // A sparse file has the size without the contents.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app");
    fs::File::create(&path).unwrap().set_len((4 << 30) + 1).unwrap();
    assert_message(&read_file(&path).unwrap_err().to_string(), "app` has 4097 MiB, more than the limit of 4096 MiB");
}

/// Changes the size of the section of records in the headers of an ELF file.
fn directory_entry(elf: &[u8], size: u64) -> Vec<u8> {
    let mut bytes = elf.to_vec();
    let table = usize::try_from(u64::from_le_bytes(bytes[40..48].try_into().unwrap())).unwrap();
    // The first section is empty, the second is `.text`.
    let at = table + 2 * 64 + 32;
    bytes[at..at + 8].copy_from_slice(&size.to_le_bytes());
    bytes
}

/// If headers name the same bytes repeatedly, a reader keeps each copy, unless it counts the bytes that it reads.
#[test]
fn no_more_is_read_than_the_file_has() {
    let (large, good) = (mach_o(&vec![0; 4 << 20]), mach_o(&program()));
    let honest = universal(&[&large, b"", &good]);
    assert!(read_object(&honest).is_ok());
    let mut overlapping = honest.clone();
    overlapping.copy_within(8 + 8..8 + 16, 28 + 8);
    check(&overlapping, "has no annotated functions (the section `__measurand` names none)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn no_change_of_a_file_panics(
        format in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..12),
        cut: prop::sample::Index,
    ) {
        let records = [family(&families::DATABASE), record(SITE)].concat();
        let mut bytes = match format {
            0 => elf(&records),
            1 => mach_o(&records),
            2 => windows(&records),
            _ => universal(&[&mach_o(b""), &mach_o(&records)]),
        };
        for (at, header, byte) in changes {
            // Headers are a small part of the file, but most errors are possible there.
            let at = if header { at.index(bytes.len().min(512)) } else { at.index(bytes.len()) };
            bytes[at] = byte;
        }
        let cut = cut.index(bytes.len());
        for bytes in [&bytes[..], &bytes[..cut]] {
            if let Err(error) = read_object(bytes) {
                prop_assert!(!error.to_string().chars().any(char::is_control));
            }
        }
    }
}
