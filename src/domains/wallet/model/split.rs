//! Dividing an amount without losing a minor unit.

use std::cmp::Reverse;

/// Divides `total` in proportion to `weights` by the largest remainder: each part is its exact share rounded down, and
/// what is left over goes, one minor unit each, to the parts that lost most; of equal ones to the first. The parts always
/// sum to `total`. Without any weight everything goes to the first part.
#[must_use]
pub fn split(total: i64, weights: &[u32]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    if whole == 0 {
        return weights.iter().enumerate().map(|(place, _)| if place == 0 { total } else { 0 }).collect();
    }
    let exact = |weight: u32| i128::from(total) * i128::from(weight);
    let mut parts: Vec<i128> = weights.iter().map(|&weight| exact(weight).div_euclid(whole)).collect();
    let mut left = i128::from(total) - parts.iter().sum::<i128>();
    let mut places: Vec<usize> = (0..weights.len()).collect();
    places.sort_by_key(|&place| {
        Reverse(weights.get(place).map_or(0, |&weight| exact(weight).rem_euclid(whole)))
    });
    for place in places {
        if left == 0 {
            break;
        }
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
            left -= 1;
        }
    }
    // A part is never larger than the total, so it fits.
    parts.into_iter().map(|part| i64::try_from(part).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_small_amount_splits_without_loss_over_1_to_13_seats() {
        for total in 0..=10_000 {
            for seats in 1..=13 {
                let parts = split(total, &vec![1; seats]);
                assert_eq!(parts.iter().sum::<i64>(), total);
                let (least, most) = (parts.iter().min().unwrap(), parts.iter().max().unwrap());
                assert!(most - least <= 1, "{total} over {seats}: {parts:?}");
                assert!(parts.is_sorted_by(|a, b| a >= b), "the first get what is left over: {parts:?}");
            }
        }
    }

    #[test]
    fn every_small_amount_splits_into_earnings_and_fee() {
        for total in 0..=10_000_i64 {
            for basis_points in [0, 1, 333, 1000, 1500, 1750, 3300, 9999, 10_000] {
                let parts = split(total, &[10_000 - basis_points, basis_points]);
                assert_eq!(parts.iter().sum::<i64>(), total);
                let exact = total * i64::from(basis_points);
                assert!((parts[1] * 10_000 - exact).abs() <= 5_000, "{total} at {basis_points}: {parts:?}");
                assert!(parts.iter().all(|&part| part >= 0));
            }
        }
    }

    #[test]
    fn ties_and_nothing_at_all_have_a_fixed_answer() {
        assert_eq!(split(1, &[5_000, 5_000]), [1, 0]);
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(7, &[0, 0]), [7, 0]);
        assert_eq!(split(7, &[0, 3]), [0, 7]);
        assert_eq!(split(7, &[]), Vec::<i64>::new());
        assert_eq!(split(i64::MAX, &[u32::MAX, u32::MAX]), [i64::MAX / 2 + 1, i64::MAX / 2]);
    }

    proptest! {
        #[test]
        fn any_amount_over_any_weights_keeps_its_sum_and_its_shares(
            total in 0..i64::MAX, weights in prop::collection::vec(0_u32.., 1..14),
        ) {
            let parts = split(total, &weights);
            prop_assert_eq!(parts.iter().map(|&part| i128::from(part)).sum::<i128>(), i128::from(total));
            let whole: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| whole > 0) {
                let exact = i128::from(total) * i128::from(*weight);
                prop_assert!((i128::from(*part) * whole - exact).abs() < whole);
            }
        }
    }
}
