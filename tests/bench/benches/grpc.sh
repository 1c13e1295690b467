# Awards over gRPC beside awards over frames, 50 connections, one at a time each (1) and sixteen.

# side_face FACE DEPTH
side_face() {
    local count=$operations
    [[ $2 -gt 1 ]] || count=$((operations / 4))
    fresh_awards "$members" "$count" --face "$1" --connections 50 --depth "$2"
}

bench_grpc() {
    local members operations depth
    members=$(size 20000 5000)
    operations=$(size 120000 24000)
    interleave 'face frames 1' 'face grpc 1' 'face frames 16' 'face grpc 16'
    for depth in 1 16; do
        all_figures "face_frames_$depth" "face_grpc_$depth"
        ratio "grpc_to_frames_$depth" "face_grpc_$depth" "face_frames_$depth" rate
        ratio "grpc_to_frames_${depth}_p99" "face_grpc_$depth" "face_frames_$depth" p99_us
        ratio "grpc_to_frames_${depth}_cpu" "face_grpc_$depth" "face_frames_$depth" daemon_cpu
    done
}
