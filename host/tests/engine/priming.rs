//! The dry run of counters against the closed form.
use crate::play::{blocks_of, compiled, noise, play};
use crate::workers::{self, gcd};

fn graph(hop: usize) -> String {
    format!(
        "[graph]\nrate = 16000\n[input.mic]\n[node.a]\nworker = \"framer\"\nin = \"mic\"\nsize = {hop}\n\
         [node.b]\nworker = \"unframer\"\nin = \"a\"\n[output.out]\nfrom = \"b\"\n"
    )
}

/// Framing by hops of H in blocks of B: a sink starves by H − gcd(B, H) samples at worst.
#[test]
fn framing_needs_h_minus_gcd_of_b_and_h() {
    let workers = workers::all();
    let mut x = 12345u64;
    let mut draw = |most: u64| {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (1 + (x >> 33) % most) as usize
    };
    let drawn: Vec<(usize, usize)> = (0..300).map(|_| (draw(600), draw(600))).collect();
    for (block, hop) in drawn.into_iter().chain([(480, 512), (512, 480), (1, 512), (512, 1), (441, 160)]) {
        let compiled = compiled(&graph(hop), &blocks_of(block), &workers).unwrap_or_else(|why| panic!("{why:?}"));
        let priming = compiled.plan.edges.iter().map(|edge| edge.tokens.priming).sum::<u64>() as usize;
        assert_eq!(priming, hop - gcd(block, hop), "blocks of {block}, hops of {hop}");
        let input = vec![noise(1, 1, 3 * (block + hop))];
        let played = play(compiled, &input, false);
        let heard = played.heard(0)[0];
        let count = heard.len().min(input[0][0].len());
        assert_eq!(heard[..count], input[0][0][..count], "blocks of {block}, hops of {hop}");
    }
}
