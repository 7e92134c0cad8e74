//! How the lists are written: an enumeration whose variants stand beside their rows, so that neither can be forgotten.
//! Must not know what is listed.

/// An enumeration with a row for each variant: `ALL` has them in their order, `row` finds the row. One more variant with
/// fields, which is not in `ALL`, may stand behind `+` and say how its row is made.
macro_rules! table {
    (
        $(#[$about:meta])* $name:ident: $row:ty { $($(#[$what:meta])* $variant:ident => $value:expr,)+ }
        $(+ $(#[$more:meta])* $extra:ident($($field:ident: $kind:ty),+) => $made:expr)?
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$what])* $variant,)+ $($(#[$more])* $extra($($kind),+),)? }

        impl $name {
            /// Those without fields, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn row(self) -> $row {
                match self {
                    $(Self::$variant => $value,)+
                    $(Self::$extra($($field),+) => $made,)?
                }
            }
        }
    };
}

pub(super) use table;
