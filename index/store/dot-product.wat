;; Dot products of one query with many rows, on 128-bit SIMD. Built by scripts/build-wasm.mjs into dot-product-wasm.ts.
;;
;; The query is int16 (whole numbers of at most 2^31 / (127 * dim), and of at most 32767), rows are int8 (at most 127), both
;; padded with zeros to a multiple of 32 numbers: so no sum overflows. i32x4.dot_i16x8_s multiplies eight pairs and adds
;; neighbours, so four independent accumulators take 32 numbers a turn.
(module
  (import "env" "memory" (memory 1))

  ;; scores[i] = factor * scale[i] * sum over d of query[d] * rows[i][d]
  (func (export "scan")
    (param $query i32) (param $rows i32) (param $scales i32) (param $count i32) (param $dim i32) (param $scores i32)
    (param $factor f32)
    (local $row i32)        ;; address of the next row numbers
    (local $at i32)         ;; address of the next query numbers
    (local $query_end i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $row (local.get $rows))
    (local.set $query_end (i32.add (local.get $query) (i32.shl (local.get $dim) (i32.const 1))))
    (block $no_rows_left
      (loop $next_row
        (br_if $no_rows_left (i32.eqz (local.get $count)))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $b (v128.const i32x4 0 0 0 0))
        (local.set $c (v128.const i32x4 0 0 0 0))
        (local.set $d (v128.const i32x4 0 0 0 0))
        (local.set $at (local.get $query))
        (loop $next_numbers
          (local.set $a (i32x4.add (local.get $a)
            (i32x4.dot_i16x8_s (v128.load (local.get $at)) (v128.load8x8_s (local.get $row)))))
          (local.set $b (i32x4.add (local.get $b)
            (i32x4.dot_i16x8_s (v128.load offset=16 (local.get $at)) (v128.load8x8_s offset=8 (local.get $row)))))
          (local.set $c (i32x4.add (local.get $c)
            (i32x4.dot_i16x8_s (v128.load offset=32 (local.get $at)) (v128.load8x8_s offset=16 (local.get $row)))))
          (local.set $d (i32x4.add (local.get $d)
            (i32x4.dot_i16x8_s (v128.load offset=48 (local.get $at)) (v128.load8x8_s offset=24 (local.get $row)))))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (local.set $row (i32.add (local.get $row) (i32.const 32)))
          (br_if $next_numbers (i32.lt_u (local.get $at) (local.get $query_end))))
        (local.set $a (i32x4.add
          (i32x4.add (local.get $a) (local.get $b))
          (i32x4.add (local.get $c) (local.get $d))))
        (f32.store (local.get $scores)
          (f32.mul
            (f32.mul (local.get $factor) (f32.load (local.get $scales)))
            (f32.convert_i32_s
              (i32.add
                (i32.add (i32x4.extract_lane 0 (local.get $a)) (i32x4.extract_lane 1 (local.get $a)))
                (i32.add (i32x4.extract_lane 2 (local.get $a)) (i32x4.extract_lane 3 (local.get $a)))))))
        (local.set $scores (i32.add (local.get $scores) (i32.const 4)))
        (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next_row))))

  ;; counts[s]++ for each score, s being the score in steps, rounded down, and 256 more; scores outside 0 to 512 are not counted.
  (func (export "count") (param $scores i32) (param $count i32) (param $steps_per_one f32) (param $counts i32)
    (local $end i32) (local $step i32)
    (local.set $end (i32.add (local.get $scores) (i32.shl (local.get $count) (i32.const 2))))
    (block $none_left
      (loop $next
        (br_if $none_left (i32.ge_u (local.get $scores) (local.get $end)))
        (local.set $step (i32.add (i32.const 256)
          (i32.trunc_sat_f32_s (f32.floor (f32.mul (local.get $steps_per_one) (f32.load (local.get $scores)))))))
        (local.set $scores (i32.add (local.get $scores) (i32.const 4)))
        (br_if $next (i32.gt_u (local.get $step) (i32.const 512)))
        (local.set $step (i32.add (local.get $counts) (i32.shl (local.get $step) (i32.const 2))))
        (i32.store (local.get $step) (i32.add (i32.const 1) (i32.load (local.get $step))))
        (br $next))))

  ;; Writes the numbers of the scores that are no less than floor into list and returns how many they are: few, so that four
  ;; scores at once are mostly passed over.
  (func (export "reach") (param $scores i32) (param $count i32) (param $floor f32) (param $list i32) (result i32)
    (local $at i32) (local $four_end i32) (local $listed i32)
    (block $none_left
      (loop $next_four
        (br_if $none_left (i32.ge_u (local.get $at) (local.get $count)))
        (local.set $four_end (i32.add (local.get $at) (i32.const 4)))
        (if (v128.any_true (f32x4.ge (v128.load (local.get $scores)) (f32x4.splat (local.get $floor))))
          (then
            (loop $next
              (if (i32.and (f32.ge (f32.load (local.get $scores)) (local.get $floor)) (i32.lt_u (local.get $at) (local.get $count)))
                (then
                  (i32.store (i32.add (local.get $list) (i32.shl (local.get $listed) (i32.const 2))) (local.get $at))
                  (local.set $listed (i32.add (local.get $listed) (i32.const 1)))))
              (local.set $scores (i32.add (local.get $scores) (i32.const 4)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br_if $next (i32.lt_u (local.get $at) (local.get $four_end)))))
          (else
            (local.set $scores (i32.add (local.get $scores) (i32.const 16)))
            (local.set $at (local.get $four_end))))
        (br $next_four)))
    (local.get $listed))

  ;; scores[i] = scale[r] * sum over d of query[d] * (rows[r][d] + step * rests[r][d]) with r = list[i]; query is float32, rests
  ;; are int16, dim is a multiple of 16. Seven bits and sixteen after them fit into the 24 of a float32.
  (func (export "exact")
    (param $query i32) (param $rows i32) (param $rests i32) (param $scales i32)
    (param $list i32) (param $count i32) (param $dim i32) (param $scores i32)
    (local $first i32) (local $row i32) (local $rest i32) (local $at i32) (local $query_end i32)
    (local $step v128) (local $low v128) (local $high v128) (local $low_rest v128) (local $high_rest v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $query_end (i32.add (local.get $query) (i32.shl (local.get $dim) (i32.const 2))))
    (local.set $step (f32x4.splat (f32.div (f32.const 1) (f32.const 65534))))
    (block $none_left
      (loop $next_row
        (br_if $none_left (i32.eqz (local.get $count)))
        (local.set $first (i32.mul (i32.load (local.get $list)) (local.get $dim)))
        (local.set $row (i32.add (local.get $rows) (local.get $first)))
        (local.set $rest (i32.add (local.get $rests) (i32.shl (local.get $first) (i32.const 1))))
        (local.set $a (v128.const f32x4 0 0 0 0))
        (local.set $b (v128.const f32x4 0 0 0 0))
        (local.set $c (v128.const f32x4 0 0 0 0))
        (local.set $d (v128.const f32x4 0 0 0 0))
        (local.set $at (local.get $query))
        (loop $next_numbers
          (local.set $low (v128.load8x8_s (local.get $row)))
          (local.set $high (v128.load8x8_s offset=8 (local.get $row)))
          (local.set $low_rest (v128.load (local.get $rest)))
          (local.set $high_rest (v128.load offset=16 (local.get $rest)))
          (local.set $a (f32x4.add (local.get $a)
            (f32x4.mul (v128.load (local.get $at))
              (f32x4.add
                (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $low)))
                (f32x4.mul (local.get $step)
                  (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $low_rest))))))))
          (local.set $b (f32x4.add (local.get $b)
            (f32x4.mul (v128.load offset=16 (local.get $at))
              (f32x4.add
                (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $low)))
                (f32x4.mul (local.get $step)
                  (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $low_rest))))))))
          (local.set $c (f32x4.add (local.get $c)
            (f32x4.mul (v128.load offset=32 (local.get $at))
              (f32x4.add
                (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $high)))
                (f32x4.mul (local.get $step)
                  (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $high_rest))))))))
          (local.set $d (f32x4.add (local.get $d)
            (f32x4.mul (v128.load offset=48 (local.get $at))
              (f32x4.add
                (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $high)))
                (f32x4.mul (local.get $step)
                  (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $high_rest))))))))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (local.set $row (i32.add (local.get $row) (i32.const 16)))
          (local.set $rest (i32.add (local.get $rest) (i32.const 32)))
          (br_if $next_numbers (i32.lt_u (local.get $at) (local.get $query_end))))
        (local.set $a (f32x4.add
          (f32x4.add (local.get $a) (local.get $b))
          (f32x4.add (local.get $c) (local.get $d))))
        (f32.store (local.get $scores)
          (f32.mul
            (f32.load (i32.add (local.get $scales) (i32.shl (i32.load (local.get $list)) (i32.const 2))))
            (f32.add
              (f32.add (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
              (f32.add (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a))))))
        (local.set $scores (i32.add (local.get $scores) (i32.const 4)))
        (local.set $list (i32.add (local.get $list) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next_row)))))
