//! Samples as the untyped data that callbacks of cpal take. cpal makes such data only in `unsafe` code, which the host
//! keeps out of its own.
use cpal::{Data, SizedSample};

/// What `call` answers when it is handed `samples`.
pub fn with<T: SizedSample, R>(samples: &mut [T], call: impl FnOnce(&mut Data) -> R) -> R {
    let begin = samples.as_mut_ptr();
    // SAFETY: pointer, length and format are those of the slice, which stays borrowed until `data` is gone.
    let mut data = unsafe { Data::from_parts(begin.cast(), samples.len(), T::FORMAT) };
    let answer = call(&mut data);
    // Exchanged for other data, the pointer would outlive its slice.
    if !std::ptr::eq(data.bytes().as_ptr(), begin.cast()) {
        std::process::abort();
    }
    answer
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_callback_sees_the_samples_and_changes_them() {
        let mut samples = [1i16, 2, 3];
        let seen = super::with(&mut samples, |data| {
            assert_eq!(data.as_slice::<f32>(), None);
            data.as_slice_mut::<i16>().unwrap()[1] = 7;
            data.len()
        });
        assert_eq!((seen, samples), (3, [1, 7, 3]));
    }
}
