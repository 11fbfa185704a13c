//! In place of the interpreter where its library does not exist.
use crate::tflite::file::File;
use crate::tflite::session::Interpreter;
use aw_sdk::Result;
use std::path::Path;

/// Of no package.
pub const VERSION: &str = "";

/// There is none.
#[derive(Clone, Copy)]
pub enum Micro {}

/// There is none.
pub enum MicroInterpreter {}

impl Micro {
    /// # Errors
    /// Always.
    pub fn open(_path: &Path) -> Result<Self> {
        Err(super::ELSEWHERE.into())
    }

    pub fn measure(self, _file: &File) -> Result<usize> {
        match self {}
    }

    pub fn interpreter(self, _file: &File, _arena: usize) -> Result<MicroInterpreter> {
        match self {}
    }
}

impl MicroInterpreter {
    pub fn used(&self) -> usize {
        match *self {}
    }
}

impl Interpreter for MicroInterpreter {
    fn input(&mut self, _at: usize) -> &mut [u8] {
        match *self {}
    }

    fn run(&mut self) -> Result {
        match *self {}
    }

    fn output(&self, _at: usize) -> &[u8] {
        match *self {}
    }

    fn shape(&self, _at: usize) -> Vec<usize> {
        match *self {}
    }

    fn reset(&mut self) -> Result {
        match *self {}
    }
}
