//! What can go wrong in a method, by who must act.

use std::borrow::Cow;

/// Why a method could not compress or decompress.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The method does not do this; nothing is broken. Choose another method, target or data type.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The caller gave a parameter or target that makes no sense.
    #[error("invalid parameter `{name}`: {reason}")]
    InvalidParam {
        /// The parameter as the user writes it.
        name: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// The payload is not one that this method writes. Only decoding returns this.
    #[error("corrupt payload at byte {at}: {reason}")]
    Corrupt {
        /// Byte offset in the payload, as near as the decoder knows it.
        at: usize,
        /// What was expected there.
        reason: Cow<'static, str>,
    },
    /// The work would need more of something than is allowed.
    #[error("{what}: {needed} needed, {allowed} allowed")]
    LimitExceeded {
        /// The thing that is limited.
        what: &'static str,
        /// How much of it the input asks for.
        needed: u64,
        /// How much is allowed.
        allowed: u64,
    },
    /// A library that the method rests on failed.
    #[error("backend: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An [`Error::Unsupported`] with its reason.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Error::Unsupported(reason.into())
    }

    /// An [`Error::InvalidParam`] with the parameter's name and what is wrong.
    pub fn invalid(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::InvalidParam { name: name.into(), reason: reason.into() }
    }

    /// An [`Error::Corrupt`] with the offset and what was expected.
    pub fn corrupt(at: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Error::Corrupt { at, reason: reason.into() }
    }

    /// An [`Error::Backend`] around a library's own error.
    pub fn backend(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Backend(source.into())
    }
}
