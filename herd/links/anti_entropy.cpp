#include "herd/links/anti_entropy.hpp"

#include "herd/links/comparison.hpp"
#include "herd/table/digest.hpp"
#include "protocol/peer_message.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string_view>

namespace herd::links {

namespace {

constexpr std::uint32_t lines_per_round = Comparison::lines;
// Otherwise a neighbour would not look at every round.
static_assert(Comparison::round_min < std::chrono::seconds(AntiEntropy::digest_round_s));

// In the given second of a round of so many: all their shares together are `all`.
std::uint32_t share(std::uint64_t all, std::uint64_t second, std::uint64_t seconds) {
    assert(second < seconds);
    return static_cast<std::uint32_t>(all * (second + 1) / seconds - all * second / seconds);
}

}  // namespace

void AntiEntropy::reset() {
    end_turn();
    share_ = share_min;
    fastest_ = reactor::Duration::max();
}

// The rest of the turn before is skipped until its round comes to it again: nothing piles up.
void AntiEntropy::tick(std::optional<reactor::Duration> round_trip) {
    end_turn();
    if (!round_trip) {
        share_ = share_min;
        return;
    }
    assert(*round_trip >= reactor::Duration::zero());
    fastest_ = std::min(fastest_, *round_trip);
    const reactor::Duration delay = *round_trip - fastest_;
    if (delay > delay_max) share_ = std::max(share_ / 2, share_min);
    if (delay < delay_max / 2) share_ = std::min(share_ * 2, share_max);
    left_ = share_;
    digests_due_ = share(lines_per_round, second_ % digest_round_s, digest_round_s);
    records_due_ = share(table_.slots(), second_, refresh_round_s);
    second_ = (second_ + 1) % refresh_round_s;
    assert(share_ >= share_min);
    assert(share_ <= share_max);
}

std::size_t AntiEntropy::fill(std::span<char> out) {
    std::size_t size = 0;
    for (; digests_due_ > 0; --digests_due_) {
        if (out.size() - size <= protocol::peer_message_size_max || size >= left_) break;
        size += put_digest(out.subspan(size));
    }
    for (; records_due_ > 0; --records_due_) {
        if (out.size() - size <= table_.line_size_max() || size >= left_) break;
        size += put_record(out.subspan(size));
    }
    assert(size <= out.size());
    left_ -= std::min(left_, size);
    if (left_ == 0) end_turn();
    return size;
}

std::size_t AntiEntropy::put_digest(std::span<char> out) {
    assert(out.size() > protocol::peer_message_size_max);
    assert(bucket_ % Comparison::buckets_per_line == 0);
    protocol::DigestPart part{.first = bucket_, .hashes = {}};
    for (std::uint64_t& hash : part.hashes) hash = table_.digest().bucket(bucket_++);
    if (bucket_ == table::Digest::bucket_count) bucket_ = 0;
    return protocol::format_line(out, part).size();
}

std::size_t AntiEntropy::put_record(std::span<char> out) {
    if (slot_ >= table_.slots()) slot_ = 0;
    const std::uint32_t slot = slot_++;
    if (!table_.used(slot)) return 0;
    const std::string_view line = table_.line(table_.at(slot));
    assert(line.size() < out.size());
    std::memcpy(out.data(), line.data(), line.size());
    out[line.size()] = '\n';
    return line.size() + 1;
}

void AntiEntropy::check() const {
    assert(second_ < refresh_round_s);
    assert(bucket_ < table::Digest::bucket_count);
    assert(slot_ <= table_.slots());
    assert(digests_due_ <= lines_per_round);
    assert(records_due_ <= table_.slots());
    assert(share_ >= share_min);
    assert(share_ <= share_max);
    assert(!due() || left_ <= share_);
}

}  // namespace herd::links
