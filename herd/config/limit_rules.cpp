#include "herd/config/limit_rules.hpp"

#include "reactor/blocks.hpp"

#include <algorithm>
#include <array>

namespace herd::config {

namespace {

constexpr std::uint32_t day_ms = 86'400'000;

constexpr std::array rules = {
    LimitRule{"clients", &Limits::clients, 1, 500'000'000, "clients stored"},
    LimitRule{"long_records",
              &Limits::long_records,
              0,
              1'000'000,
              "of these, with an AT line too long for a slot"},
    LimitRule{"connections", &Limits::connections, 1, 2'000'000, "connections of clients"},
    LimitRule{"peer_connections",
              &Limits::peer_connections,
              1,
              4'096,
              "accepted connections of other servers"},
    LimitRule{"line_max", &Limits::line_max, 128, 60'000, "bytes of a command"},
    LimitRule{"blocks", &Limits::blocks, 16, 16'777'216, "of 4 KiB, for bytes that have to wait"},
    LimitRule{"first_line_ms",
              &Limits::first_line_ms,
              1'000,
              day_ms,
              "ms until a connection says something"},
    LimitRule{
        "rest_of_line_ms", &Limits::rest_of_line_ms, 1'000, day_ms, "ms for the rest of a command"},
    LimitRule{"idle_ms", &Limits::idle_ms, 1'000, day_ms, "ms between two commands"},
    LimitRule{"drain_ms", &Limits::drain_ms, 1'000, day_ms, "ms for an answer that is not read"},
    LimitRule{"linger_ms",
              &Limits::linger_ms,
              1'000,
              60'000,
              "ms until a client closes a finished connection"},
    LimitRule{"records_per_turn",
              &Limits::records_per_turn,
              1,
              65'536,
              "records to one neighbour at a time"},
    LimitRule{"shutdown_ms", &Limits::shutdown_ms, 100, 60'000, "ms from SIGTERM to exit"},
    LimitRule{"syncs", &Limits::syncs, 1, 100'000, "SYNCs that wait at a time"},
    LimitRule{"sync_ms", &Limits::sync_ms, 100, 60'000, "ms from a SYNC to its answer"},
    LimitRule{"places_in_flight",
              &Limits::places_in_flight,
              1,
              places_in_flight_max,
              "Places lookups at a time"},
    LimitRule{"places_queue",
              &Limits::places_queue,
              0,
              1'000'000,
              "Places lookups that wait for their turn"},
    LimitRule{"places_deadline_ms",
              &Limits::places_deadline_ms,
              100,
              60'000,
              "ms from a WHATSAT to its answer"},
    LimitRule{
        "places_body_max", &Limits::places_body_max, 4'096, 16'777'216, "bytes of a Places answer"},
};
// A limit without a rule could not be set.
static_assert(rules.size() * sizeof(std::uint32_t) == sizeof(Limits));

// An answer that its client does not read waits in blocks, whole; an eighth is for neighbours only.
std::uint32_t blocks_of_answer(const Limits& limits) {
    constexpr std::size_t framing = 1024;
    const std::size_t bytes = std::size_t{limits.places_body_max} + limits.line_max + framing;
    const std::size_t blocks = bytes / reactor::BlockPool::block_size + 1;
    return static_cast<std::uint32_t>(blocks + blocks / 7 + 1);
}

}  // namespace

std::span<const LimitRule> limit_rules() {
    return rules;
}

std::optional<LimitClash> find_clash(const Config& config) {
    const Limits& limits = config.limits;
    const std::uint32_t neighbours = config.neighbours_max();
    const std::uint32_t blocks = blocks_of_answer(limits) + blocks_of_neighbour * neighbours;
    if (limits.blocks < blocks) {
        return LimitClash{&Limits::blocks,
                          &Limits::places_body_max,
                          "at least " + std::to_string(blocks) +
                              ", for one answer of places_body_max bytes and " +
                              std::to_string(blocks_of_neighbour) + " for each neighbour"};
    }
    if (limits.peer_connections < neighbours) {
        return LimitClash{
            &Limits::peer_connections,
            nullptr,
            "at least " + std::to_string(neighbours) + ", as a server has that many neighbours"};
    }
    return std::nullopt;
}

}  // namespace herd::config
