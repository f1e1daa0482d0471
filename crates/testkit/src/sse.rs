//! Reads server-sent events as a browser does (WHATWG HTML §9.2.6).

/// An event that was dispatched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerSentEvent {
    /// Its type; empty for a message.
    pub kind: String,
    /// Its data.
    pub data: String,
    /// The last id that was said when it was dispatched.
    pub id: String,
}

/// Takes bytes as they come.
#[derive(Debug, Default)]
pub struct EventReader {
    rest: Vec<u8>,
    event: ServerSentEvent,
    /// The last id: what a client that comes again sends as `Last-Event-ID`.
    pub last_id: String,
}

impl EventReader {
    /// Events that these bytes complete.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<ServerSentEvent> {
        self.rest.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            events.extend(self.line(line.trim_end_matches('\n')));
        }
        events
    }

    fn line(&mut self, line: &str) -> Option<ServerSentEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            let id = self.last_id.clone();
            return (!event.data.is_empty()).then_some(ServerSentEvent { id, ..event });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut self.last_id),
            "event" => value.clone_into(&mut self.event.kind),
            "data" => self.event.data.push_str(value),
            _ => {}
        }
        None
    }
}
