//! How a setting is written down once: a struct whose fields carry their default, limits and reload mark.

use crate::key::Key;
use crate::plain::Plain;

/// A value as it was given: a file has types, a variable has only text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    Typed(Plain),
    Word(String),
}

/// The settings of one component.
pub(crate) trait Section {
    const NAME: &'static str;
    /// One line.
    const ABOUT: &'static str;

    fn keys() -> Vec<Key>;

    /// Takes a value over; the error says what is wrong with it. Only for names out of [`Section::keys`].
    fn set(&mut self, name: &str, raw: &Raw) -> Result<(), String>;

    /// The value as it may be shown: secrets are left out.
    fn shown(&self, name: &str) -> Option<Plain>;

    /// Names of the settings in which two differ.
    fn differing(&self, other: &Self) -> Vec<&'static str>;
}

macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $section:ident = $name:ident {
            $(
                $(#[doc = $help:literal])+
                $key:ident: $type:ty = $default:expr $(, in $limits:expr)? => $reload:ident;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[doc = $help])+ pub $key: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        impl $crate::section::Section for $name {
            const NAME: &'static str = stringify!($section);
            const ABOUT: &'static str = concat!($($about),+);

            fn keys() -> Vec<$crate::key::Key> {
                let default = Self::default();
                vec![$($crate::key::Key {
                    section: stringify!($section),
                    name: stringify!($key),
                    help: concat!($($help),+).trim().to_owned(),
                    form: <$type as $crate::values::Value>::FORM,
                    default: $crate::values::Value::shown(&default.$key),
                    limits: $crate::values::limits::<$type>(&[$($limits)?]),
                    reload: $crate::key::Reload::$reload,
                },)+]
            }

            fn set(&mut self, name: &str, raw: &$crate::section::Raw) -> Result<(), String> {
                match name {
                    $(stringify!($key) => {
                        let value: $type = $crate::values::read(raw)?;
                        $($crate::values::hold(&value, &$limits)?;)?
                        self.$key = value;
                    })+
                    _ => return Err("it does not exist".to_owned()),
                }
                Ok(())
            }

            fn shown(&self, name: &str) -> Option<$crate::plain::Plain> {
                match name {
                    $(stringify!($key) => Some($crate::values::Value::shown(&self.$key)),)+
                    _ => None,
                }
            }

            #[allow(clippy::float_cmp, reason = "what was written is compared, nothing computed")]
            fn differing(&self, other: &Self) -> Vec<&'static str> {
                let mut names = Vec::new();
                $(if self.$key != other.$key {
                    names.push(stringify!($key));
                })+
                names
            }
        }
    };
}

pub(crate) use section;
