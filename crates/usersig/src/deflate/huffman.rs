//! Prefix codes: which symbol gets which bits.

/// A code for `N` symbols.
pub(super) struct Code<const N: usize> {
    /// How many bits each symbol has; none for those that do not occur.
    pub(super) lengths: [u8; N],
    /// The bits, in the order in which they are written, above their number.
    bits: [u32; N],
}

impl<const N: usize> Code<N> {
    /// The code that has these lengths: shorter ones come first, equal ones in the order of symbols.
    pub(super) const fn of(lengths: [u8; N]) -> Self {
        let mut next = [0_u16; 17];
        let mut symbol = 0;
        while symbol < N {
            next[lengths[symbol] as usize + 1] += 1;
            symbol += 1;
        }
        // Symbols without bits take none of the others'.
        next[1] = 0;
        let mut length = 1;
        while length < 16 {
            next[length + 1] = (next[length] + next[length + 1]) << 1;
            length += 1;
        }
        let mut bits = [0; N];
        symbol = 0;
        while symbol < N {
            let length = lengths[symbol] as usize;
            if length > 0 {
                let reversed = next[length].reverse_bits() >> (16 - length);
                bits[symbol] = ((reversed as u32) << 4) | length as u32;
                next[length] += 1;
            }
            symbol += 1;
        }
        Self { lengths, bits }
    }

    /// The shortest code for symbols that occur so often, with no more bits for one than `most`.
    pub(super) fn shortest(counts: &[u16; N], most: u8) -> Self {
        let mut lengths = [0; N];
        // Counts above, symbols below: by count, then by symbol.
        let mut used: Vec<u32> = Vec::with_capacity(N);
        for (symbol, count) in counts.iter().enumerate() {
            if *count > 0 {
                used.push((u32::from(*count) << 16) | symbol as u32);
            }
        }
        used.sort_unstable();
        if let [only] = used.as_slice() {
            lengths[(only & 0xFFFF) as usize] = 1;
            return Self::of(lengths);
        }
        loop {
            let depths = depths(&used);
            if depths.iter().all(|depth| *depth <= most) {
                for (symbol, depth) in used.iter().zip(depths) {
                    lengths[(symbol & 0xFFFF) as usize] = depth;
                }
                return Self::of(lengths);
            }
            // Counts that are closer to each other make a flatter tree. Their order stays.
            for count in &mut used {
                *count = (((*count >> 16) / 2 + 1) << 16) | (*count & 0xFFFF);
            }
        }
    }

    /// The bits of a symbol, and how many.
    #[inline]
    pub(super) fn get(&self, symbol: usize) -> (u32, u32) {
        let bits = self.bits[symbol];
        (bits >> 4, bits & 15)
    }

    /// How many bits so many symbols take.
    pub(super) fn cost(&self, counts: &[u16; N]) -> u32 {
        let costs = counts.iter().zip(&self.lengths);
        costs
            .map(|(count, length)| u32::from(*count) * u32::from(*length))
            .sum()
    }
}

/// How deep in Huffman's tree the leaves are, whose weights are in the upper halves and in order. The inner nodes
/// are made in order of their weight, so the lightest is always first among the leaves or first among the nodes.
fn depths(leaves: &[u32]) -> Vec<u8> {
    let count = leaves.len();
    let nodes = (2 * count).saturating_sub(1);
    let (mut weights, mut parents) = (Vec::with_capacity(nodes), vec![0_u16; nodes]);
    weights.extend(leaves.iter().map(|leaf| leaf >> 16));
    let (mut leaf, mut inner) = (0, count);
    for node in count..nodes {
        let mut sum = 0;
        for _ in 0..2 {
            let is_leaf = leaf < count && (inner == node || weights[leaf] <= weights[inner]);
            let child = if is_leaf { &mut leaf } else { &mut inner };
            parents[*child] = node as u16;
            sum += weights[*child];
            *child += 1;
        }
        weights.push(sum);
    }
    let mut depths = vec![0; nodes];
    for node in (0..nodes.saturating_sub(1)).rev() {
        depths[node] = depths[usize::from(parents[node])] + 1;
    }
    depths.truncate(count);
    depths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How much of all bit strings begins with one of the code: exactly all of them.
    fn is_complete<const N: usize>(code: &Code<N>) -> bool {
        let share = |length: &u8| match length {
            0 => 0,
            length => 1_u32 << (16 - length),
        };
        code.lengths.iter().map(share).sum::<u32>() == 1 << 16
    }

    #[test]
    fn the_example_of_rfc_1951() {
        let code = Code::of([3, 3, 3, 3, 3, 2, 4, 4]);
        let bits = (0..8).map(|symbol| {
            let (bits, length) = code.get(symbol);
            let bits = (0..length).map(|at| if bits >> at & 1 == 1 { '1' } else { '0' });
            bits.collect::<String>()
        });
        let bits: Vec<_> = bits.collect();
        assert_eq!(
            bits,
            ["010", "011", "100", "101", "110", "00", "1110", "1111"]
        );
    }

    #[test]
    fn deep_trees_are_made_flatter_on_request() {
        let fibonacci = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144];
        let deep = Code::shortest(&fibonacci, 15);
        assert_eq!(deep.lengths[..3], [11, 11, 10]);
        let flat = Code::shortest(&fibonacci, 7);
        assert!(flat.lengths.iter().all(|length| (1..=7).contains(length)));
        assert!(is_complete(&flat));
    }

    proptest! {
        #[test]
        fn codes_are_complete_and_rarer_symbols_are_no_shorter(counts in proptest::array::uniform32(0..100_u16)) {
            let code = Code::shortest(&counts, 15);
            let used = counts.iter().filter(|count| **count > 0).count();
            prop_assert_eq!(is_complete(&code), used > 1);
            for (symbol, count) in counts.iter().enumerate() {
                prop_assert_eq!(*count > 0, code.lengths[symbol] > 0);
                for (other, more) in counts.iter().enumerate() {
                    if *count > 0 && more > count {
                        prop_assert!(code.lengths[other] <= code.lengths[symbol]);
                    }
                }
            }
        }
    }
}
