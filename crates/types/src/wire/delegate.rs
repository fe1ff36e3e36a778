//! Types that are a number with a different name.

/// Gives a newtype over `i64` the wire format of an integer.
macro_rules! delegate_to_i64 {
    ($name:ty) => {
        impl crate::wire::WireValue for $name {
            const EXPECTED: &'static str = <i64 as crate::wire::WireValue>::EXPECTED;
            #[inline]
            fn read(
                reader: &mut crate::wire::Reader<'_>,
                slot: &mut crate::wire::Slot,
            ) -> Result<Option<Self>, crate::wire::Broken> {
                Ok(<i64 as crate::wire::WireValue>::read(reader, slot)?.map(Self))
            }
            #[inline]
            fn write<S: serde::Serializer>(
                &self,
                shape: crate::wire::Shape<'_>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                crate::wire::WireValue::write(&self.0, shape, serializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use delegate_to_i64;
