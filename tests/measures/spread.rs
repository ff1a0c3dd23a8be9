use crate::pure::spread::Spread;

#[test]
fn a_percentile_is_the_nearest_rank_of_what_was_measured() {
    let spread = Spread::of((1..=200).rev().map(f64::from)).unwrap();
    assert_eq!(spread.percentile(0.0), 1.0);
    assert_eq!(spread.percentile(50.0), 100.0);
    assert_eq!(spread.percentile(99.0), 198.0);
    assert_eq!(spread.percentile(100.0), 200.0);
}

#[test]
fn few_samples_give_the_largest_for_a_high_percentile() {
    let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
    assert_eq!(spread.percentile(50.0), 2.0);
    assert_eq!(spread.percentile(99.0), 3.0);
    assert!(Spread::of([]).is_none());
}
