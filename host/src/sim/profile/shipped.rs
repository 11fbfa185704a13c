//! The profiles that come with aw.

/// By name.
const SHIPPED: &[(&str, &str)] = &[
    ("cortex-m4-120", include_str!("../../../../graphs/devices/cortex-m4-120.toml")),
    ("cortex-m7-480", include_str!("../../../../graphs/devices/cortex-m7-480.toml")),
    ("cortex-a53", include_str!("../../../../graphs/devices/cortex-a53.toml")),
    ("audio-dsp", include_str!("../../../../graphs/devices/audio-dsp.toml")),
    ("desktop", include_str!("../../../../graphs/devices/desktop.toml")),
];

/// Their names.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The text of one.
pub fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
