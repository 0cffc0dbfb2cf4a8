//! libyaml's events, safely: the one place that touches `unsafe-libyaml`, which is libyaml's C carried over to Rust.
#![allow(unsafe_code)]

use super::Error;
use crate::tree::Position;
use std::{ffi::CStr, marker::PhantomData, mem::MaybeUninit, ptr, slice};

/// What the parser says next.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    DocumentStart,
    Alias(String),
    Scalar {
        text: String,
        plain: bool,
        mark: Mark,
    },
    SequenceStart(Mark),
    MappingStart(Mark),
    CollectionEnd,
    /// The document has ended, or the text, or there is nothing to say that concerns a node.
    DocumentEnd,
    StreamEnd,
    StreamStart,
}

/// What a node may be marked with.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mark {
    pub(super) anchor: Option<String>,
    pub(super) tag: Option<String>,
}

/// A parser at work on a text.
pub(super) struct Events<'a> {
    /// On the heap, for the parser's own pointers forbid to move it.
    parser: Box<unsafe_libyaml::yaml_parser_t>,
    text: PhantomData<&'a str>,
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, Error> {
        let mut parser: Box<MaybeUninit<unsafe_libyaml::yaml_parser_t>> = Box::new(MaybeUninit::uninit());
        // SAFETY: the pointer is to memory of the parser's size and alignment, which the function fills before it reads.
        if !unsafe { unsafe_libyaml::yaml_parser_initialize(parser.as_mut_ptr()) }.ok {
            return Err(Error { message: "there is no memory for a parser".to_owned(), at: None });
        }
        // SAFETY: the function above has initialised it.
        let mut parser = unsafe { parser.assume_init() };
        // SAFETY: the parser is initialised and was given no input before. It reads `text.len()` bytes from the pointer
        // and nothing else, and `Events` borrows the text for as long as it lives. (Without being told the encoding it
        // takes a byte order mark away and counts no column for it, as yaml.v3 does.)
        unsafe { unsafe_libyaml::yaml_parser_set_input_string(&mut *parser, text.as_ptr(), text.len() as u64) };
        Ok(Self { parser, text: PhantomData })
    }

    /// The next event and where it begins.
    pub(super) fn next(&mut self) -> Result<(Event, Position), Error> {
        let mut event: MaybeUninit<unsafe_libyaml::yaml_event_t> = MaybeUninit::uninit();
        // SAFETY: the parser is initialised and has its input; the event's memory is the function's to fill, and it does
        // so (with zeros at least) before it returns.
        if !unsafe { unsafe_libyaml::yaml_parser_parse(&mut *self.parser, event.as_mut_ptr()) }.ok {
            return Err(self.error());
        }
        // SAFETY: filled by the function above, which succeeded.
        let mut event = unsafe { event.assume_init() };
        let at = position(&event.start_mark);
        // SAFETY: the event comes from the parser and is not deleted yet.
        let read = unsafe { read(&event) };
        // SAFETY: the event comes from the parser; everything that is kept of it was copied; it is deleted once.
        unsafe { unsafe_libyaml::yaml_event_delete(&mut event) };
        Ok((read, at))
    }

    /// What the parser stumbled over.
    fn error(&self) -> Error {
        // SAFETY: `problem` is null or a string constant of the library, ended by a zero.
        let message = match unsafe { self.parser.problem.as_ref() } {
            Some(problem) => unsafe { CStr::from_ptr(ptr::from_ref(problem)) }.to_string_lossy().into_owned(),
            None => "this cannot be read as YAML".to_owned(),
        };
        let mark = &self.parser.problem_mark;
        let at = match self.parser.error {
            // The reader knows the place by its byte only.
            unsafe_libyaml::YAML_READER_ERROR => None,
            _ => Some(position(mark)),
        };
        Error { message, at }
    }

    /// The byte that the reader could not take, where that was the problem.
    pub(super) fn problem_offset(&self) -> usize {
        usize::try_from(self.parser.problem_offset).unwrap_or(0)
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, and deleted once, here.
        unsafe { unsafe_libyaml::yaml_parser_delete(&mut *self.parser) };
    }
}

/// Copies an event.
///
/// # Safety
/// The event is one that `yaml_parser_parse` has filled and that has not been deleted.
unsafe fn read(event: &unsafe_libyaml::yaml_event_t) -> Event {
    // SAFETY: which field of the union was filled follows from the event's type; its pointers are null or to strings that
    // end with a zero and live as long as the event; `value` has `length` bytes.
    unsafe {
        match event.type_ {
            unsafe_libyaml::YAML_STREAM_START_EVENT => Event::StreamStart,
            unsafe_libyaml::YAML_DOCUMENT_START_EVENT => Event::DocumentStart,
            unsafe_libyaml::YAML_ALIAS_EVENT => Event::Alias(string(event.data.alias.anchor).unwrap_or_default()),
            unsafe_libyaml::YAML_SCALAR_EVENT => {
                let scalar = &event.data.scalar;
                let bytes = match usize::try_from(scalar.length) {
                    Ok(length) if !scalar.value.is_null() => slice::from_raw_parts(scalar.value, length),
                    _ => &[],
                };
                Event::Scalar {
                    text: String::from_utf8_lossy(bytes).into_owned(),
                    plain: scalar.style == unsafe_libyaml::YAML_PLAIN_SCALAR_STYLE,
                    mark: mark(scalar.anchor, scalar.tag),
                }
            }
            unsafe_libyaml::YAML_SEQUENCE_START_EVENT => {
                Event::SequenceStart(mark(event.data.sequence_start.anchor, event.data.sequence_start.tag))
            }
            unsafe_libyaml::YAML_MAPPING_START_EVENT => {
                Event::MappingStart(mark(event.data.mapping_start.anchor, event.data.mapping_start.tag))
            }
            unsafe_libyaml::YAML_SEQUENCE_END_EVENT | unsafe_libyaml::YAML_MAPPING_END_EVENT => Event::CollectionEnd,
            unsafe_libyaml::YAML_DOCUMENT_END_EVENT => Event::DocumentEnd,
            _ => Event::StreamEnd,
        }
    }
}

/// # Safety
/// Both pointers are null or to strings that end with a zero.
unsafe fn mark(anchor: *const u8, tag: *const u8) -> Mark {
    // SAFETY: as the caller promises.
    unsafe { Mark { anchor: string(anchor), tag: string(tag).filter(|tag| tag != "!").map(short) } }
}

/// # Safety
/// The pointer is null or to a string that ends with a zero.
unsafe fn string(text: *const u8) -> Option<String> {
    // SAFETY: not null, and ended by a zero as the caller promises.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text.cast()) }.to_string_lossy().into_owned())
}

/// `tag:yaml.org,2002:int` as `!!int`.
fn short(tag: String) -> String {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => format!("!!{name}"),
        None => tag,
    }
}

/// libyaml counts lines and characters from 0.
fn position(mark: &unsafe_libyaml::yaml_mark_t) -> Position {
    let from_one = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
    Position { line: from_one(mark.line), column: from_one(mark.column) }
}
