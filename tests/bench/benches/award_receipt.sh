# Awards that bear a receipt key, 50 connections x 16: each is claimed in its terminal's day, an
# account too, before it is decided, so it takes two appends. Beside append_if alone, one append an
# operation, as many in flight; and beside awards without a receipt.

side_award_receipt() {
    fresh_load award "$members" "$operations" 'records == accounts + 2 * operations' \
        --connections 50 --depth 16 --receipts
}

side_award_receipt_without() {
    fresh_awards "$members" "$operations" --connections 50 --depth 16
}

side_award_receipt_append() {
    fresh_append "$members" "$operations" --connections 50 --depth 16
}

bench_award_receipt() {
    local members operations
    members=$(size 20000 5000)
    operations=$(size 60000 20000)
    interleave award_receipt award_receipt_without award_receipt_append
    all_figures award_receipt award_receipt_without award_receipt_append
    ratio award_receipt_to_append award_receipt award_receipt_append rate
    ratio award_receipt_to_append_p99 award_receipt award_receipt_append p99_us
    ratio award_receipt_to_without award_receipt award_receipt_without rate
}
