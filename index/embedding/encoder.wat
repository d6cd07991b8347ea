;; The arithmetic of a BERT encoder on 128-bit SIMD. Built by scripts/build-wasm.mjs into encoder-wasm.ts; encoder-model.cjs
;; is what calls it, and lays out the memory.
;;
;; Texts are rows of `width` float32 numbers, one a token; the number of rows is a multiple of 4, every width of 16.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; e^x for four numbers that are not positive: 2^whole by its bits times 2^rest by Taylor's polynomial, relative error 3e-6.
  (func $exp (param $x v128) (result v128)
    (local $whole v128)
    (local $rest v128)
    (local.set $x (f32x4.mul
      (f32x4.max (local.get $x) (v128.const f32x4 -87 -87 -87 -87))
      (v128.const f32x4 1.44269504 1.44269504 1.44269504 1.44269504)))
    (local.set $whole (f32x4.nearest (local.get $x)))
    (local.set $rest (f32x4.sub (local.get $x) (local.get $whole)))
    (local.set $x (f32x4.add
      (f32x4.mul (local.get $rest) (v128.const f32x4 0.00133335581 0.00133335581 0.00133335581 0.00133335581))
      (v128.const f32x4 0.00961812911 0.00961812911 0.00961812911 0.00961812911)))
    (local.set $x (f32x4.add
      (f32x4.mul (local.get $rest) (local.get $x))
      (v128.const f32x4 0.0555041087 0.0555041087 0.0555041087 0.0555041087)))
    (local.set $x (f32x4.add
      (f32x4.mul (local.get $rest) (local.get $x))
      (v128.const f32x4 0.240226507 0.240226507 0.240226507 0.240226507)))
    (local.set $x (f32x4.add
      (f32x4.mul (local.get $rest) (local.get $x))
      (v128.const f32x4 0.693147181 0.693147181 0.693147181 0.693147181)))
    (local.set $x (f32x4.add (f32x4.mul (local.get $rest) (local.get $x)) (v128.const f32x4 1 1 1 1)))
    (i32x4.add (local.get $x) (i32x4.shl (i32x4.trunc_sat_f32x4_s (local.get $whole)) (i32.const 23))))

  (func $sum (param $x v128) (result f32)
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $x)) (f32x4.extract_lane 1 (local.get $x)))
      (f32.add (f32x4.extract_lane 2 (local.get $x)) (f32x4.extract_lane 3 (local.get $x)))))

  (func $largest (param $x v128) (result f32)
    (f32.max
      (f32.max (f32x4.extract_lane 0 (local.get $x)) (f32x4.extract_lane 1 (local.get $x)))
      (f32.max (f32x4.extract_lane 2 (local.get $x)) (f32x4.extract_lane 3 (local.get $x)))))

  ;; Each row as int16 -8191..8191 and the scale that brings it back. Thirteen bits, so that 2,000 products with int8
  ;; still fit 32 bits: 127 * 8191 * 2000 < 2^31.
  (func (export "quantise")
    (param $rows i32) (param $count i32) (param $width i32) (param $into i32) (param $scales i32)
    (local $at i32) (local $end i32) (local $largest f32) (local $max v128) (local $factor v128)
    (loop $next_row
      (local.set $end (i32.add (local.get $rows) (i32.shl (local.get $width) (i32.const 2))))
      (local.set $at (local.get $rows))
      (local.set $max (v128.const f32x4 1e-20 1e-20 1e-20 1e-20))
      (loop $next
        (local.set $max (f32x4.max (local.get $max) (f32x4.abs (v128.load (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
      (local.set $largest (call $largest (local.get $max)))
      (f32.store (local.get $scales) (f32.div (local.get $largest) (f32.const 8191)))
      (local.set $factor (f32x4.splat (f32.div (f32.const 8191) (local.get $largest))))
      (local.set $at (local.get $rows))
      (loop $next
        (v128.store (local.get $into) (i16x8.narrow_i32x4_s
          (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (v128.load (local.get $at)) (local.get $factor))))
          (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (v128.load offset=16 (local.get $at)) (local.get $factor))))))
        (local.set $into (i32.add (local.get $into) (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
      (local.set $rows (local.get $end))
      (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
      (br_if $next_row (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; out[row][output] = scale[row] * weight_scale[output] * sum over i of row[i] * weight[output][i] + bias[output].
  ;; Weights lie in the order in which they are used: for each 8 outputs, for each pair of inputs, 8 pairs of int8. One
  ;; dot product of 8 pairs gives 4 outputs at once, so nothing is added across lanes; 8 outputs by 4 rows fill 8 of the
  ;; 16 registers with sums, and every number loaded is used 4 or 8 times.
  (func (export "multiply")
    (param $rows i32) (param $scales i32) (param $count i32) (param $inputs i32)
    (param $weights i32) (param $weight_scales i32) (param $bias i32) (param $outputs i32) (param $out i32)
    (local $row i32) (local $output i32) (local $weight i32) (local $bytes i32) (local $end i32) (local $to i32)
    (local $at0 i32) (local $at1 i32) (local $at2 i32) (local $at3 i32)
    (local $low v128) (local $high v128) (local $pair v128)
    (local $low0 v128) (local $low1 v128) (local $low2 v128) (local $low3 v128)
    (local $high0 v128) (local $high1 v128) (local $high2 v128) (local $high3 v128)
    (local.set $bytes (i32.shl (local.get $inputs) (i32.const 1)))
    (loop $next_outputs
      (local.set $row (i32.const 0))
      (loop $next_rows
        (local.set $weight (local.get $weights))
        (local.set $at0 (i32.add (local.get $rows) (i32.mul (local.get $row) (local.get $bytes))))
        (local.set $at1 (i32.add (local.get $at0) (local.get $bytes)))
        (local.set $at2 (i32.add (local.get $at1) (local.get $bytes)))
        (local.set $at3 (i32.add (local.get $at2) (local.get $bytes)))
        (local.set $end (local.get $at1))
        (local.set $low0 (v128.const i32x4 0 0 0 0))
        (local.set $low1 (v128.const i32x4 0 0 0 0))
        (local.set $low2 (v128.const i32x4 0 0 0 0))
        (local.set $low3 (v128.const i32x4 0 0 0 0))
        (local.set $high0 (v128.const i32x4 0 0 0 0))
        (local.set $high1 (v128.const i32x4 0 0 0 0))
        (local.set $high2 (v128.const i32x4 0 0 0 0))
        (local.set $high3 (v128.const i32x4 0 0 0 0))
        (loop $next_pair
          (local.set $low (v128.load8x8_s (local.get $weight)))
          (local.set $high (v128.load8x8_s offset=8 (local.get $weight)))
          (local.set $pair (v128.load32_splat (local.get $at0)))
          (local.set $low0 (i32x4.add (local.get $low0) (i32x4.dot_i16x8_s (local.get $pair) (local.get $low))))
          (local.set $high0 (i32x4.add (local.get $high0) (i32x4.dot_i16x8_s (local.get $pair) (local.get $high))))
          (local.set $pair (v128.load32_splat (local.get $at1)))
          (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $pair) (local.get $low))))
          (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $pair) (local.get $high))))
          (local.set $pair (v128.load32_splat (local.get $at2)))
          (local.set $low2 (i32x4.add (local.get $low2) (i32x4.dot_i16x8_s (local.get $pair) (local.get $low))))
          (local.set $high2 (i32x4.add (local.get $high2) (i32x4.dot_i16x8_s (local.get $pair) (local.get $high))))
          (local.set $pair (v128.load32_splat (local.get $at3)))
          (local.set $low3 (i32x4.add (local.get $low3) (i32x4.dot_i16x8_s (local.get $pair) (local.get $low))))
          (local.set $high3 (i32x4.add (local.get $high3) (i32x4.dot_i16x8_s (local.get $pair) (local.get $high))))
          (local.set $weight (i32.add (local.get $weight) (i32.const 16)))
          (local.set $at1 (i32.add (local.get $at1) (i32.const 4)))
          (local.set $at2 (i32.add (local.get $at2) (i32.const 4)))
          (local.set $at3 (i32.add (local.get $at3) (i32.const 4)))
          (br_if $next_pair (i32.lt_u
            (local.tee $at0 (i32.add (local.get $at0) (i32.const 4)))
            (local.get $end))))
        (local.set $to (i32.add (local.get $out) (i32.shl
          (i32.add (i32.mul (local.get $row) (local.get $outputs)) (local.get $output))
          (i32.const 2))))
        (local.set $at0 (i32.add (local.get $scales) (i32.shl (local.get $row) (i32.const 2))))
        (local.set $bytes (i32.shl (local.get $outputs) (i32.const 2)))
        (call $store (local.get $to) (local.get $low0) (local.get $high0) (v128.load32_splat (local.get $at0))
          (local.get $weight_scales) (local.get $bias))
        (local.set $to (i32.add (local.get $to) (local.get $bytes)))
        (call $store (local.get $to) (local.get $low1) (local.get $high1) (v128.load32_splat offset=4 (local.get $at0))
          (local.get $weight_scales) (local.get $bias))
        (local.set $to (i32.add (local.get $to) (local.get $bytes)))
        (call $store (local.get $to) (local.get $low2) (local.get $high2) (v128.load32_splat offset=8 (local.get $at0))
          (local.get $weight_scales) (local.get $bias))
        (local.set $to (i32.add (local.get $to) (local.get $bytes)))
        (call $store (local.get $to) (local.get $low3) (local.get $high3) (v128.load32_splat offset=12 (local.get $at0))
          (local.get $weight_scales) (local.get $bias))
        (local.set $bytes (i32.shl (local.get $inputs) (i32.const 1)))
        (br_if $next_rows (i32.lt_u
          (local.tee $row (i32.add (local.get $row) (i32.const 4)))
          (local.get $count))))
      (local.set $weights (local.get $weight))
      (local.set $weight_scales (i32.add (local.get $weight_scales) (i32.const 32)))
      (local.set $bias (i32.add (local.get $bias) (i32.const 32)))
      (br_if $next_outputs (i32.lt_u
        (local.tee $output (i32.add (local.get $output) (i32.const 8)))
        (local.get $outputs)))))

  ;; Eight sums of one row, scaled back.
  (func $store
    (param $to i32) (param $low v128) (param $high v128) (param $scale v128) (param $weight_scales i32) (param $bias i32)
    (v128.store (local.get $to) (f32x4.add
      (v128.load (local.get $bias))
      (f32x4.mul
        (f32x4.mul (f32x4.convert_i32x4_s (local.get $low)) (local.get $scale))
        (v128.load (local.get $weight_scales)))))
    (v128.store offset=16 (local.get $to) (f32x4.add
      (v128.load offset=16 (local.get $bias))
      (f32x4.mul
        (f32x4.mul (f32x4.convert_i32x4_s (local.get $high)) (local.get $scale))
        (v128.load offset=16 (local.get $weight_scales))))))

  ;; x = x * Phi(x) in place, erf by Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7).
  (func (export "gelu") (param $at i32) (param $count i32)
    (local $end i32) (local $x v128) (local $z v128) (local $t v128) (local $tail v128)
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next
      (local.set $x (v128.load (local.get $at)))
      (local.set $z (f32x4.mul
        (f32x4.abs (local.get $x))
        (v128.const f32x4 0.707106781 0.707106781 0.707106781 0.707106781)))
      (local.set $t (f32x4.div
        (v128.const f32x4 1 1 1 1)
        (f32x4.add
          (v128.const f32x4 1 1 1 1)
          (f32x4.mul (local.get $z) (v128.const f32x4 0.3275911 0.3275911 0.3275911 0.3275911)))))
      (local.set $tail (f32x4.add
        (f32x4.mul (local.get $t) (v128.const f32x4 1.061405429 1.061405429 1.061405429 1.061405429))
        (v128.const f32x4 -1.453152027 -1.453152027 -1.453152027 -1.453152027)))
      (local.set $tail (f32x4.add
        (f32x4.mul (local.get $t) (local.get $tail))
        (v128.const f32x4 1.421413741 1.421413741 1.421413741 1.421413741)))
      (local.set $tail (f32x4.add
        (f32x4.mul (local.get $t) (local.get $tail))
        (v128.const f32x4 -0.284496736 -0.284496736 -0.284496736 -0.284496736)))
      (local.set $tail (f32x4.add
        (f32x4.mul (local.get $t) (local.get $tail))
        (v128.const f32x4 0.254829592 0.254829592 0.254829592 0.254829592)))
      ;; 1 - Phi(|x|)
      (local.set $tail (f32x4.mul
        (f32x4.mul (v128.const f32x4 0.5 0.5 0.5 0.5) (f32x4.mul (local.get $t) (local.get $tail)))
        (call $exp (f32x4.neg (f32x4.mul (local.get $z) (local.get $z))))))
      (v128.store (local.get $at) (f32x4.mul (local.get $x) (v128.bitselect
        (local.get $tail)
        (f32x4.sub (v128.const f32x4 1 1 1 1) (local.get $tail))
        (f32x4.lt (local.get $x) (v128.const f32x4 0 0 0 0)))))
      (br_if $next (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 16)))
        (local.get $end)))))

  ;; rows = layer norm of (rows + added), Ba, Kiros and Hinton 2016.
  (func (export "normalise")
    (param $rows i32) (param $added i32) (param $count i32) (param $width i32)
    (param $weight i32) (param $bias i32) (param $epsilon f32)
    (local $at i32) (local $bytes i32) (local $sum v128) (local $x v128) (local $mean v128) (local $factor v128)
    (local.set $bytes (i32.shl (local.get $width) (i32.const 2)))
    (loop $next_row
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $x (f32x4.add
          (v128.load (i32.add (local.get $rows) (local.get $at)))
          (v128.load (i32.add (local.get $added) (local.get $at)))))
        (v128.store (i32.add (local.get $rows) (local.get $at)) (local.get $x))
        (local.set $sum (f32x4.add (local.get $sum) (local.get $x)))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $bytes))))
      (local.set $mean (f32x4.splat
        (f32.div (call $sum (local.get $sum)) (f32.convert_i32_s (local.get $width)))))
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $x (f32x4.sub (v128.load (i32.add (local.get $rows) (local.get $at))) (local.get $mean)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $x) (local.get $x))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $bytes))))
      (local.set $factor (f32x4.splat (f32.div
        (f32.const 1)
        (f32.sqrt (f32.add
          (f32.div (call $sum (local.get $sum)) (f32.convert_i32_s (local.get $width)))
          (local.get $epsilon))))))
      (local.set $at (i32.const 0))
      (loop $next
        (v128.store (i32.add (local.get $rows) (local.get $at)) (f32x4.add
          (v128.load (i32.add (local.get $bias) (local.get $at)))
          (f32x4.mul
            (f32x4.mul
              (f32x4.sub (v128.load (i32.add (local.get $rows) (local.get $at))) (local.get $mean))
              (local.get $factor))
            (v128.load (i32.add (local.get $weight) (local.get $at))))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $bytes))))
      (local.set $rows (i32.add (local.get $rows) (local.get $bytes)))
      (local.set $added (i32.add (local.get $added) (local.get $bytes)))
      (br_if $next_row (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; One head of scaled dot-product attention (Vaswani et al. 2017). `head` numbers, a multiple of 16, begin at each of
  ;; queries, keys, values and out, in rows of `width`; of `padded` rows the first `count` are tokens. `weights` is room
  ;; for `padded` numbers.
  (func (export "attend")
    (param $queries i32) (param $keys i32) (param $values i32) (param $out i32)
    (param $count i32) (param $padded i32) (param $head i32) (param $width i32) (param $weights i32)
    (local $query i32) (local $row_bytes i32)
    (local.set $row_bytes (i32.shl (local.get $width) (i32.const 2)))
    (loop $next_query
      (call $scores (local.get $queries) (local.get $keys) (local.get $padded) (local.get $head) (local.get $row_bytes)
        (local.get $weights))
      (call $softmax (local.get $weights) (local.get $count) (local.get $padded))
      (call $blend (local.get $weights) (local.get $values) (local.get $count) (local.get $head) (local.get $row_bytes)
        (local.get $out))
      (local.set $queries (i32.add (local.get $queries) (local.get $row_bytes)))
      (local.set $out (i32.add (local.get $out) (local.get $row_bytes)))
      (br_if $next_query (i32.lt_u
        (local.tee $query (i32.add (local.get $query) (i32.const 1)))
        (local.get $count)))))

  ;; into[key] = query . key / sqrt(head), four keys at a time
  (func $scores
    (param $query i32) (param $key i32) (param $count i32) (param $head i32) (param $row_bytes i32) (param $into i32)
    (local $at i32) (local $bytes i32) (local $key1 i32) (local $key2 i32) (local $key3 i32) (local $last i32)
    (local $q v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $ab v128) (local $cd v128)
    (local $scale v128)
    (local.set $scale (f32x4.splat (f32.div (f32.const 1) (f32.sqrt (f32.convert_i32_s (local.get $head))))))
    (local.set $bytes (i32.shl (local.get $head) (i32.const 2)))
    (local.set $last (i32.add (local.get $into) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next_keys
      (local.set $key1 (i32.add (local.get $key) (local.get $row_bytes)))
      (local.set $key2 (i32.add (local.get $key1) (local.get $row_bytes)))
      (local.set $key3 (i32.add (local.get $key2) (local.get $row_bytes)))
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $q (v128.load (i32.add (local.get $query) (local.get $at))))
        (local.set $a (f32x4.add (local.get $a)
          (f32x4.mul (local.get $q) (v128.load (i32.add (local.get $key) (local.get $at))))))
        (local.set $b (f32x4.add (local.get $b)
          (f32x4.mul (local.get $q) (v128.load (i32.add (local.get $key1) (local.get $at))))))
        (local.set $c (f32x4.add (local.get $c)
          (f32x4.mul (local.get $q) (v128.load (i32.add (local.get $key2) (local.get $at))))))
        (local.set $d (f32x4.add (local.get $d)
          (f32x4.mul (local.get $q) (v128.load (i32.add (local.get $key3) (local.get $at))))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $bytes))))
      ;; a0+a2 b0+b2 a1+a3 b1+b3, the same of c and d, then one sum of each
      (local.set $ab (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
      (local.set $cd (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
      (v128.store (local.get $into) (f32x4.mul (local.get $scale) (f32x4.add
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ab) (local.get $cd))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ab) (local.get $cd)))))
      (local.set $key (i32.add (local.get $key3) (local.get $row_bytes)))
      (br_if $next_keys (i32.lt_u
        (local.tee $into (i32.add (local.get $into) (i32.const 16)))
        (local.get $last)))))

  ;; Rows that are no tokens get nothing.
  (func $softmax (param $at i32) (param $count i32) (param $padded i32)
    (local $i i32) (local $end i32) (local $most v128) (local $sum v128) (local $x v128)
    (local.set $i (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $padded) (i32.const 2))))
    (block $all_tokens
      (loop $next
        (br_if $all_tokens (i32.ge_u (local.get $i) (local.get $end)))
        (f32.store (local.get $i) (f32.const -1e30))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $next)))
    (local.set $most (v128.const f32x4 -1e30 -1e30 -1e30 -1e30))
    (local.set $i (local.get $at))
    (loop $next
      (local.set $most (f32x4.max (local.get $most) (v128.load (local.get $i))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $end))))
    (local.set $most (f32x4.splat (call $largest (local.get $most))))
    (local.set $i (local.get $at))
    (loop $next
      (local.set $x (call $exp (f32x4.sub (v128.load (local.get $i)) (local.get $most))))
      (v128.store (local.get $i) (local.get $x))
      (local.set $sum (f32x4.add (local.get $sum) (local.get $x)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $end))))
    (local.set $sum (f32x4.splat (f32.div (f32.const 1) (call $sum (local.get $sum)))))
    (local.set $i (local.get $at))
    (loop $next
      (v128.store (local.get $i) (f32x4.mul (v128.load (local.get $i)) (local.get $sum)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $end)))))

  ;; out = sum over rows of weight[row] * value[row], sixteen numbers at a time
  (func $blend
    (param $weights i32) (param $values i32) (param $count i32) (param $head i32) (param $row_bytes i32) (param $out i32)
    (local $value i32) (local $weight i32) (local $end i32) (local $w v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $weights) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next_numbers
      (local.set $weight (local.get $weights))
      (local.set $value (local.get $values))
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (loop $next
        (local.set $w (v128.load32_splat (local.get $weight)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w) (v128.load (local.get $value)))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $w) (v128.load offset=16 (local.get $value)))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $w) (v128.load offset=32 (local.get $value)))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $w) (v128.load offset=48 (local.get $value)))))
        (local.set $value (i32.add (local.get $value) (local.get $row_bytes)))
        (br_if $next (i32.lt_u
          (local.tee $weight (i32.add (local.get $weight) (i32.const 4)))
          (local.get $end))))
      (v128.store (local.get $out) (local.get $a))
      (v128.store offset=16 (local.get $out) (local.get $b))
      (v128.store offset=32 (local.get $out) (local.get $c))
      (v128.store offset=48 (local.get $out) (local.get $d))
      (local.set $values (i32.add (local.get $values) (i32.const 64)))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (br_if $next_numbers (local.tee $head (i32.sub (local.get $head) (i32.const 16)))))))
