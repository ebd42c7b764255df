//! Promises: how a model declares its own, and which were broken on the way to a state.

/// A promise of one of the models.
pub(crate) trait Promised: Copy {
    /// Its place among the model's promises, below 16.
    fn index(self) -> u8;
}

/// A set of one model's promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Broken(u16);

impl Broken {
    /// None.
    pub(crate) const NONE: Self = Self(0);

    /// Adds one.
    pub(crate) fn add(&mut self, promise: impl Promised) {
        self.0 |= 1 << promise.index();
    }

    /// Adds all of `other`.
    pub(crate) fn add_all(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether it is among them.
    pub(crate) fn has(self, promise: impl Promised) -> bool {
        self.0 & (1 << promise.index()) != 0
    }
}

/// Makes a model's `Promise` of its members, each with its name in the checker. With
/// `of State` a promise holds in a state unless it was broken on the way there.
macro_rules! promises {
    (of $State:ty: $($(#[$doc:meta])* $promise:ident = $name:literal,)+) => {
        $crate::promise::promises! { $($(#[$doc])* $promise = $name,)+ }

        impl Promise {
            pub(super) fn property<M>(self) -> stateright::Property<M>
            where
                M: stateright::Model<State = $State>,
            {
                let holds: fn(&M, &$State) -> bool = match self {
                    $(Self::$promise => |_, state| !state.broken.has(Self::$promise),)+
                };
                stateright::Property::always(self.name(), holds)
            }
        }
    };
    ($($(#[$doc:meta])* $promise:ident = $name:literal,)+) => {
        /// A promise of this model.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Promise {
            $($(#[$doc])* $promise,)+
        }

        impl $crate::promise::Promised for Promise {
            fn index(self) -> u8 {
                self as u8
            }
        }

        const _: () = assert!(Promise::ALL.len() <= 16, "a set has room for so many");

        impl Promise {
            pub(super) const ALL: &[Self] = &[$(Self::$promise,)+];

            /// Its name in the checker.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$promise => $name,)+
                }
            }
        }
    };
}

pub(crate) use promises;
