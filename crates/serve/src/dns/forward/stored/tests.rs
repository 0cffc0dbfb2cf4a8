use super::*;
use crate::dns::query::read;
use hickory_proto::{
    op::{Edns, MessageType, OpCode, Query as Asked, ResponseCode},
    rr::{
        Name as HickoryName, RData, Record, RecordType,
        rdata::{A, CNAME, SOA},
    },
};
use std::str::FromStr;

fn name(text: &str) -> HickoryName {
    HickoryName::from_str(text).unwrap()
}

fn key() -> Key {
    let (name, _) = Name::read(b"\x03www\x07example\x03com\0").unwrap();
    Key { name: name.bytes().into(), rtype: rr::A, dnssec_ok: false, checking_disabled: false }
}

fn message() -> Message {
    let mut message = Message::new(7, MessageType::Response, OpCode::Query);
    message.add_query(Asked::query(name("www.example.com."), RecordType::A));
    message.add_answer(Record::from_rdata(
        name("www.example.com."),
        300,
        RData::CNAME(CNAME(name("web.example.com."))),
    ));
    message.add_answer(Record::from_rdata(name("web.example.com."), 60, RData::A(A::new(192, 0, 2, 1))));
    message.set_edns(Edns::new());
    message
}

fn soa() -> Record {
    let soa = SOA::new(name("ns.example.com."), name("h.example.com."), 1, 2, 3, 4, 90);
    Record::from_rdata(name("example.com."), 600, RData::SOA(soa))
}

fn given(stored: &Stored) -> Message {
    let question = [b"\0\x09\x01\0\0\x01\0\0\0\0\0\0".as_slice(), b"\x03wWw\x07example\x03com\0\0\x01\0\x01"].concat();
    let mut out = Vec::new();
    stored.write(&read(&question).unwrap(), Transport::Udp, &mut out);
    Message::from_vec(&out).unwrap()
}

#[test]
fn records_are_given_on_and_the_opt_record_is_not() {
    let bytes = message().to_vec().unwrap();
    let stored = Stored::of(&bytes, &key()).unwrap();
    assert_eq!(stored.lifetime(), 60, "the shortest");
    let given = given(&stored);
    assert_eq!((given.metadata.id, given.answers.len(), given.edns), (9, 2, None));
    assert_eq!(given.answers[1].data, RData::A(A::new(192, 0, 2, 1)));
    assert!(given.metadata.recursion_available && !given.metadata.authoritative);
    assert_eq!(given.queries[0].name().to_string(), "wWw.example.com.", "in the case of the question");
}

#[test]
fn times_are_counted_down() {
    let mut stored = Stored::of(&message().to_vec().unwrap(), &key()).unwrap();
    stored.taken = Instant::now().checked_sub(Duration::from_secs(40)).unwrap();
    let times: Vec<u32> = given(&stored).answers.iter().map(|record| record.ttl).collect();
    assert_eq!(times, [260, 20]);
    assert!(stored.is_fresh(Instant::now()) && !stored.is_fresh(Instant::now() + Duration::from_secs(20)));
}

#[test]
fn a_no_is_kept_for_as_long_as_the_zone_says() {
    let mut no = message();
    no.answers.clear();
    no.metadata.response_code = ResponseCode::NXDomain;
    assert_eq!(Stored::of(&no.to_vec().unwrap(), &key()).unwrap().lifetime(), 0, "nobody said how long");
    no.add_authority(soa());
    let stored = Stored::of(&no.to_vec().unwrap(), &key()).unwrap();
    assert_eq!((stored.lifetime(), given(&stored).metadata.response_code), (90, ResponseCode::NXDomain));
    no.metadata.response_code = ResponseCode::ServFail;
    let failure = Stored::of(&no.to_vec().unwrap(), &key()).unwrap();
    assert!(failure.is_failure() && failure.lifetime() == 0);
}

#[test]
fn an_opt_record_in_the_middle_is_taken_out() {
    let mut bytes = message().to_vec().unwrap();
    // A second additional record, after the OPT record.
    bytes[11] = 2;
    bytes.extend_from_slice(b"\x03ns1\xc0\x10\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x02");
    let given = given(&Stored::of(&bytes, &key()).unwrap());
    assert_eq!(given.additionals[0].name.to_string(), "ns1.example.com.");
    assert_eq!(given.edns, None);
}

#[test]
fn only_the_answer_to_the_question_is_one() {
    let bytes = message().to_vec().unwrap();
    assert!(answers(&bytes, 7, &key()));
    assert!(!answers(&bytes, 8, &key()), "another id");
    assert!(!answers(&bytes, 7, &Key { rtype: rr::AAAA, ..key() }), "another type");
    assert!(!answers(&bytes, 7, &Key { name: b"\x03www\0".as_slice().into(), ..key() }), "another name");
    let mut question = bytes.clone();
    question[2] &= 0x7f;
    assert!(!answers(&question, 7, &key()), "a question");
}

#[test]
fn a_message_with_another_number_of_questions_is_damaged() {
    let mut bytes = message().to_vec().unwrap();
    assert!(Stored::of(&bytes, &key()).is_some());
    bytes[5] = 2;
    assert!(Stored::of(&bytes, &key()).is_none());
}

proptest::proptest! {
    #[test]
    fn nothing_that_an_upstream_sends_panics(at in 0_usize..90, byte: u8, cut in 0_usize..120) {
        let mut bytes = message().to_vec().unwrap();
        bytes.truncate(bytes.len().saturating_sub(cut));
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        if answers(&bytes, 7, &key()) && let Some(stored) = Stored::of(&bytes, &key()) {
            let mut out = Vec::new();
            let question = [b"\0\x09\x01\0\0\x01\0\0\0\0\0\0".as_slice(), &key().question()].concat();
            stored.write(&read(&question).unwrap(), Transport::Tcp, &mut out);
        }
    }
}
