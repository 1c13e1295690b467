# Awards over gRPC beside awards over frames, 50 connections, one at a time each (1) and sixteen.

side_frames_1() {
    fresh_awards "$members" $((operations / 4)) --face frames --connections 50 --depth 1
}

side_grpc_1() {
    fresh_awards "$members" $((operations / 4)) --face grpc --connections 50 --depth 1
}

side_frames_16() {
    fresh_awards "$members" "$operations" --face frames --connections 50 --depth 16
}

side_grpc_16() {
    fresh_awards "$members" "$operations" --face grpc --connections 50 --depth 16
}

bench_grpc() {
    local members operations depth
    members=$(size 20000 5000)
    operations=$(size 200000 40000)
    interleave frames_1 grpc_1 frames_16 grpc_16
    for depth in 1 16; do
        all_figures "frames_$depth" "grpc_$depth"
        ratio "grpc_to_frames_$depth" "grpc_$depth" "frames_$depth" rate
        ratio "grpc_to_frames_${depth}_cpu" "grpc_$depth" "frames_$depth" daemon_cpu
    done
}
