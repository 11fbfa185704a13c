//! The instruction sets, and what each needs.

/// An instruction set on which nodes can be counted.
#[derive(Debug, PartialEq, Eq)]
pub struct Isa {
    /// As users write it.
    pub name: &'static str,
    /// One line about it.
    pub what: &'static str,
    /// What its counts are not, in whole sentences.
    pub caution: &'static str,
    /// The Rust target whose programs are counted.
    pub triple: &'static str,
    /// Of the machine on which that target is at home, as `std::env::consts::ARCH` has it.
    arch: &'static str,
    /// QEMU's emulator of its programs.
    pub emulator: &'static str,
    /// The core that it plays.
    pub cpu: &'static str,
    /// The C compiler that links for it, where it is not at home.
    compiler: &'static str,
    /// Debian's packages of that compiler and its libraries.
    packages: &'static str,
    /// Where those libraries are.
    libraries: &'static str,
    /// Flags of rustc.
    pub flags: &'static str,
}

/// A microcontroller's instructions need a system to run under, and QEMU has none for that profile: so a Linux program is
/// built of the same instructions. `cortex-m4` chooses them, and in which order; without `mclass` the program may be
/// linked to the C library of a larger core. Doubles in software and half of the registers, as on the M4 and M7 with single
/// precision. `-A warnings`: rustc warns about each of these features in every crate.
const THUMB: &str = "-C target-cpu=cortex-m4 -C target-feature=-mclass,-fp64,-d32,-neon -A warnings";

const ALL: [Isa; 3] = [
    Isa {
        name: "thumb",
        what: "Thumb-2 with single precision in hardware, as of a Cortex-M4F or M7",
        caution: "The workers are what they compile to for a Cortex-M4, but linked to Linux: Rust's `std`, the C library and \
                  its mathematics are those of an ARMv7-A with doubles in hardware, so that a call of theirs may take more \
                  on a microcontroller. No program for a microcontroller was made, and no cycle is counted.",
        triple: "armv7-unknown-linux-gnueabihf",
        arch: "arm",
        emulator: "qemu-arm",
        cpu: "cortex-a7,neon=off",
        compiler: "arm-linux-gnueabihf-gcc",
        packages: "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
        libraries: "/usr/arm-linux-gnueabihf",
        flags: THUMB,
    },
    Isa {
        name: "aarch64",
        what: "64-bit Arm with NEON, as of a Cortex-A53 or A72",
        caution: "SVE and dot products are not counted: a Cortex-A72 has none. No cycle is counted.",
        triple: "aarch64-unknown-linux-gnu",
        arch: "aarch64",
        emulator: "qemu-aarch64",
        cpu: "cortex-a72",
        compiler: "aarch64-linux-gnu-gcc",
        packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
        libraries: "/usr/aarch64-linux-gnu",
        flags: "",
    },
    Isa {
        name: "x86-64",
        what: "64-bit x86 with AVX2 and FMA",
        caution: "AVX-512 is not counted: QEMU has none. String instructions count once a round. No cycle is counted.",
        triple: "x86_64-unknown-linux-gnu",
        arch: "x86_64",
        emulator: "qemu-x86_64",
        cpu: "max,-erms,-fsrm",
        compiler: "x86_64-linux-gnu-gcc",
        packages: "gcc-x86-64-linux-gnu libc6-dev-amd64-cross",
        libraries: "/usr/x86_64-linux-gnu",
        flags: "",
    },
];

/// How a program of an instruction set is linked where that is not at home, and where its libraries are.
pub struct Abroad {
    /// The C compiler.
    pub compiler: &'static str,
    /// Debian's packages of it.
    pub packages: &'static str,
    /// Where the libraries are.
    pub libraries: &'static str,
}

impl Isa {
    /// Their names.
    pub const NAMES: [&'static str; 3] = [ALL[0].name, ALL[1].name, ALL[2].name];

    /// The one of that name.
    pub fn of(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|isa| isa.name == name)
    }

    /// What is needed where this machine is another.
    pub fn abroad(&self) -> Option<Abroad> {
        let Self { compiler, packages, libraries, .. } = *self;
        (self.arch != std::env::consts::ARCH).then_some(Abroad { compiler, packages, libraries })
    }

    /// The name of an environment variable of cargo's for this target.
    pub fn variable(&self, what: &str) -> String {
        format!("CARGO_TARGET_{}_{what}", self.triple.to_uppercase().replace('-', "_"))
    }

    /// The environment in which cargo builds for it.
    pub fn environment(&self) -> Vec<(String, &'static str)> {
        let linker = self.abroad().map(|abroad| (self.variable("LINKER"), abroad.compiler));
        let flags = Some((self.variable("RUSTFLAGS"), self.flags)).filter(|(_, flags)| !flags.is_empty());
        linker.into_iter().chain(flags).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_ships_counts() {
        for name in Isa::NAMES {
            assert_eq!(Isa::of(name).map(|isa| isa.name), Some(name));
            assert!(crate::sim::Counts::of(name).is_ok(), "{name}");
        }
        assert_eq!(Isa::of("riscv"), None);
    }

    #[test]
    fn cargo_is_told_which_linker_and_which_instructions() {
        let thumb = Isa::of("thumb").unwrap();
        let names: Vec<String> = thumb.environment().into_iter().map(|(name, _)| name).collect();
        let wanted = [
            "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER",
            "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUSTFLAGS",
        ];
        assert_eq!(names, wanted);
    }
}
