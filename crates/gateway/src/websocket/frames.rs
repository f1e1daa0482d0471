//! Where the frames of one direction of a WebSocket begin and end (RFC 6455 §5.2). Payloads pass unread.

/// Longest head of a frame: two bytes, eight of length, four of mask.
const MAX_HEAD: usize = 14;
/// Longest payload of a control frame.
const MAX_CONTROL: u64 = 125;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// The caller, whose frames are masked.
    Caller,
    /// The upstream, whose frames are not.
    Upstream,
}

/// What is wrong with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameFault {
    /// No WebSocket, or one that readers take for different things.
    Invalid,
    /// A message past the limit.
    TooLarge,
}

/// The state of one direction: a few words, whatever is sent.
#[derive(Debug)]
pub(super) struct Frames {
    sender: Sender,
    /// Whether an extension was agreed on, which gives the reserved bits a meaning.
    extended: bool,
    max_message: u64,
    head: [u8; MAX_HEAD],
    head_len: usize,
    payload_left: u64,
    /// Whether a message waits for its next fragment, and its bytes so far.
    fragmented: bool,
    message: u64,
    closed: bool,
}

impl Frames {
    pub(super) const fn new(sender: Sender, extended: bool, max_message: u64) -> Self {
        Self {
            sender,
            extended,
            max_message,
            head: [0; MAX_HEAD],
            head_len: 0,
            payload_left: 0,
            fragmented: false,
            message: 0,
            closed: false,
        }
    }

    /// Whether the next byte begins a frame, so that one of ours can stand before it.
    pub(super) const fn is_between_frames(&self) -> bool {
        self.head_len == 0 && self.payload_left == 0
    }

    /// Whether the sender said that it closes.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Walks over further bytes.
    ///
    /// # Errors
    /// [`FrameFault`], after which nothing of them may pass.
    pub(super) fn advance(&mut self, mut bytes: &[u8]) -> Result<(), FrameFault> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.payload_left > 0 {
                let there = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let take = self.payload_left.min(there);
                self.payload_left = self.payload_left.saturating_sub(take);
                let take = usize::try_from(take).unwrap_or(bytes.len());
                bytes = bytes.get(take..).unwrap_or_default();
                continue;
            }
            if let Some(place) = self.head.get_mut(self.head_len) {
                *place = *first;
            }
            self.head_len = self.head_len.saturating_add(1);
            bytes = rest;
            // Refused as soon as it can be told, so that no more of it passes than must.
            if self.head_len == 2 {
                self.check()?;
            }
            if self.head_len >= 2 && self.head_len == self.head_needs() {
                self.begin()?;
                self.head_len = 0;
            }
        }
        Ok(())
    }

    const fn short_length(&self) -> u8 {
        self.head[1] & 0x7f
    }

    const fn opcode(&self) -> u8 {
        self.head[0] & 0x0f
    }

    const fn is_final(&self) -> bool {
        self.head[0] & 0x80 != 0
    }

    const fn is_control(&self) -> bool {
        self.opcode() >= CLOSE
    }

    /// Bytes of the head whose first two are there.
    const fn head_needs(&self) -> usize {
        let length = match self.short_length() {
            127 => 8,
            126 => 2,
            _ => 0,
        };
        let mask = if matches!(self.sender, Sender::Caller) {
            4
        } else {
            0
        };
        2 + length + mask
    }

    /// What the first two bytes say must fit the sender and what was said before.
    fn check(&mut self) -> Result<(), FrameFault> {
        let reserved = self.head[0] & 0x70 != 0;
        let masked = self.head[1] & 0x80 != 0;
        let known = matches!(self.opcode(), CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        let fits = if self.is_control() {
            self.is_final() && u64::from(self.short_length()) <= MAX_CONTROL
        } else {
            (self.opcode() == CONTINUATION) == self.fragmented
        };
        // Behind its Close a sender says no more.
        if !known
            || !fits
            || self.closed
            || (reserved && !self.extended)
            || masked != (self.sender == Sender::Caller)
        {
            return Err(FrameFault::Invalid);
        }
        Ok(())
    }

    /// The head is whole.
    fn begin(&mut self) -> Result<(), FrameFault> {
        let length = match self.short_length() {
            126 => self.length(2).filter(|length| *length > 125),
            127 => self
                .length(8)
                .filter(|length| *length > u64::from(u16::MAX) && i64::try_from(*length).is_ok()),
            short => Some(u64::from(short)),
        };
        let length = length.ok_or(FrameFault::Invalid)?;
        self.payload_left = length;
        if self.is_control() {
            self.closed = self.opcode() == CLOSE;
            return Ok(());
        }
        if self.opcode() != CONTINUATION {
            self.message = 0;
        }
        self.message = self.message.saturating_add(length);
        self.fragmented = !self.is_final();
        if self.message > self.max_message {
            return Err(FrameFault::TooLarge);
        }
        Ok(())
    }

    /// The long form of the length, in so many bytes.
    fn length(&self, bytes: usize) -> Option<u64> {
        let long = self.head.get(2..bytes.saturating_add(2))?;
        Some(
            long.iter()
                .fold(0, |length, byte| (length << 8) | u64::from(*byte)),
        )
    }
}

/// A Close frame with `code` and `reason`, as `sender` sends it. `mask` is unpredictable where the sender masks.
pub(super) fn close(sender: Sender, code: u16, reason: &str, mask: [u8; 4]) -> Vec<u8> {
    let payload: Vec<u8> = code
        .to_be_bytes()
        .into_iter()
        .chain(reason.bytes().take(120))
        .collect();
    let length = u8::try_from(payload.len()).unwrap_or_default();
    let mut frame = vec![0x80 | CLOSE];
    match sender {
        Sender::Upstream => {
            frame.push(length);
            frame.extend(payload);
        }
        Sender::Caller => {
            frame.push(0x80 | length);
            frame.extend(mask);
            frame.extend(
                payload
                    .iter()
                    .zip(mask.iter().cycle())
                    .map(|(byte, mask)| byte ^ mask),
            );
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(first: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match payload {
            0..=125 => frame.push(0x80 | u8::try_from(payload).unwrap()),
            126..=65_535 => {
                frame.push(0xfe);
                frame.extend(u16::try_from(payload).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0xff);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(std::iter::repeat_n(b'x', payload));
        frame
    }

    fn caller() -> Frames {
        Frames::new(Sender::Caller, false, 100_000)
    }

    #[test]
    fn what_is_no_frame_of_its_sender_is_refused() {
        for (what, bytes) in [
            ("an unmasked one of the caller", vec![0x81, 0x01, b'x']),
            ("a reserved bit nobody agreed on", masked(0xc1, 1)),
            ("an unknown kind", masked(0x83, 1)),
            ("an unknown control frame", masked(0x8b, 1)),
            ("a control frame in fragments", masked(0x09, 1)),
            ("a control frame that is too long", masked(0x89, 126)),
            ("a continuation of nothing", masked(0x80, 1)),
            (
                "a message within a message",
                [masked(0x01, 1), masked(0x81, 1)].concat(),
            ),
            (
                "something behind its Close",
                [masked(0x88, 2), masked(0x89, 0)].concat(),
            ),
            (
                "a length in more bytes than it takes",
                vec![0x82, 0xfe, 0, 125, 1, 2, 3, 4],
            ),
            (
                "a long length in more bytes than it takes",
                vec![0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4],
            ),
            (
                "a negative length",
                vec![0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
            ),
            ("another protocol", b"GET / HTTP/1.1\r\n".to_vec()),
        ] {
            assert_eq!(caller().advance(&bytes), Err(FrameFault::Invalid), "{what}");
        }
        let mut upstream = Frames::new(Sender::Upstream, true, u64::MAX);
        assert_eq!(
            upstream.advance(&[0xc1, 0x01, b'x']),
            Ok(()),
            "an extension's bit"
        );
        assert_eq!(
            upstream.advance(&masked(0x81, 1)),
            Err(FrameFault::Invalid),
            "a masked one of the upstream"
        );
    }

    #[test]
    fn a_message_is_bounded_over_all_its_fragments() {
        let mut frames = caller();
        for _ in 0..3 {
            assert_eq!(frames.advance(&masked(0x82, 100_000)), Ok(()));
        }
        assert_eq!(frames.advance(&masked(0x02, 60_000)), Ok(()));
        assert_eq!(
            frames.advance(&masked(0x89, 5)),
            Ok(()),
            "a ping between fragments"
        );
        assert_eq!(
            frames.advance(&masked(0x80, 40_001)[..8]),
            Err(FrameFault::TooLarge)
        );
    }

    #[test]
    fn a_close_of_ours_is_one_to_the_other_side() {
        let mut upstream = Frames::new(Sender::Upstream, false, 10);
        assert_eq!(
            upstream.advance(&close(Sender::Upstream, 1008, "x", [0; 4])),
            Ok(())
        );
        assert!(upstream.is_closed());
        let mut frames = caller();
        let frame = close(Sender::Caller, 1012, "", [9, 8, 7, 6]);
        assert_eq!(frames.advance(&frame), Ok(()));
        assert!(frames.is_closed() && frames.is_between_frames());
        assert_eq!([frame[6] ^ 9, frame[7] ^ 8], 1012_u16.to_be_bytes());
    }

    proptest! {
        #[test]
        fn frames_are_found_however_the_bytes_come(
            lengths in proptest::collection::vec(0_usize..300, 1..6), cut in 1_usize..40,
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|length| masked(0x82, *length)).collect();
            let mut frames = caller();
            for piece in bytes.chunks(cut) {
                prop_assert_eq!(frames.advance(piece), Ok(()));
            }
            prop_assert!(frames.is_between_frames());
        }

        #[test]
        fn no_bytes_are_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..200), extended in any::<bool>()) {
            for sender in [Sender::Caller, Sender::Upstream] {
                let _ = Frames::new(sender, extended, 1000).advance(&bytes);
            }
        }
    }
}
