//! ALSA lists many ways to a card, and plugins that are none; what a user takes for a card are a few of them.

/// What ALSA's own configuration and its plugins put into the list: detours to cards, and converters that lead nowhere.
const DETOURS: &[&str] = &[
    "plughw",
    "sysdefault",
    "front",
    "rear",
    "center_lfe",
    "side",
    "surround21",
    "surround40",
    "surround41",
    "surround50",
    "surround51",
    "surround71",
    "iec958",
    "spdif",
    "hdmi",
    "dmix",
    "dsnoop",
    "modem",
    "phoneline",
    "usbstream",
    "null",
    "lavrate",
    "samplerate",
    "speexrate",
    "speex",
    "upmix",
    "vdownmix",
    "a52",
    "oss",
];

/// Whether an entry of the list is no card, or one that is listed by a better name.
pub(super) fn is_detour(id: &str, name: &str, all: &[(String, String)]) -> bool {
    let (kind, rest) = id.split_once(':').unwrap_or((id, ""));
    // By number, cards change places when the machine starts.
    let number =
        |id: &str| id.strip_prefix("hw:CARD=").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let named = || all.iter().any(|(other, title)| title == name && other.starts_with("hw:") && !number(other));
    DETOURS.contains(&kind) || (kind == "hw" && rest.starts_with("CARD=") && number(id) && named())
}

/// Whether `other` leads to the card `id`, and converts.
pub(super) fn converts(other: &str, id: &str) -> bool {
    id.starts_with("hw:") && other.strip_prefix("plug") == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_ways_to_a_card_one_is_shown() {
        let all: Vec<(String, String)> = [
            ("default", "Default Audio Device"),
            ("pipewire", "PipeWire Sound Server"),
            ("sysdefault:CARD=PCH", "HDA Intel PCH, ALC257 Analog"),
            ("front:CARD=PCH,DEV=0", "HDA Intel PCH, ALC257 Analog"),
            ("hw:CARD=PCH,DEV=0", "HDA Intel PCH, ALC257 Analog"),
            ("plughw:CARD=PCH,DEV=0", "HDA Intel PCH, ALC257 Analog"),
            ("hw:CARD=0,DEV=0", "HDA Intel PCH, ALC257 Analog"),
            ("hw:CARD=1,DEV=0", "A card without a name of its own"),
            ("null", "Discard all samples (playback) or generate zero samples (capture)"),
        ]
        .map(|(id, name)| (id.to_string(), name.to_string()))
        .to_vec();
        let shown: Vec<&str> =
            all.iter().filter(|(id, name)| !is_detour(id, name, &all)).map(|(id, _)| id.as_str()).collect();
        assert_eq!(shown, ["default", "pipewire", "hw:CARD=PCH,DEV=0", "hw:CARD=1,DEV=0"]);
        assert!(converts("plughw:CARD=PCH,DEV=0", "hw:CARD=PCH,DEV=0"));
        assert!(!converts("plughw:CARD=PCH,DEV=1", "hw:CARD=PCH,DEV=0"));
    }
}
