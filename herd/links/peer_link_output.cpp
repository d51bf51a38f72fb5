// What a link sends: batches of records, marks of how far they go, questions.
#include "herd/links/batch.hpp"
#include "herd/links/peer_link.hpp"
#include "protocol/peer_message.hpp"

#include <cassert>
#include <cstring>
#include <utility>

namespace herd::links {

void PeerLink::pump(std::span<char> scratch) {
    if (!live() || stopped_ || stream_->dead() || stream_->blocked()) return;
    if (!follower_.behind() && !has_news() && !anti_entropy_.due() && !ping_due_) return;
    assert(scratch.size() > batch_size_min + core_.table.line_size_max());
    Batch batch(scratch);
    batch.add(fill(batch.space(mark_size_max + ping_size_max)));
    unmarked_bytes_ += batch.size();
    last_written_ = follower_.position().seq;
    batch.add(mark_if_due(batch.space(ping_size_max)));
    if (!follower_.behind()) batch.add(anti_entropy_.fill(batch.space(ping_size_max)));
    if (std::exchange(ping_due_, false)) batch.add(ping(batch.space(0)));
    if (batch.size() > 0) stream_->send_now(batch.text());
    // Behind means runnable, whatever was written: a batch of records that were all skipped writes
    // nothing, and would otherwise be the last.
    if (follower_.behind() && !stream_->blocked()) core_.wire.post_flush();
}

std::size_t PeerLink::fill(std::span<char> batch) {
    std::size_t size = 0;
    const std::size_t longest = core_.table.line_size_max() + 1;
    for (std::uint32_t i = 0; i < core_.limits.records_per_turn; ++i) {
        if (batch.size() - size < longest) break;
        if (!follower_.behind()) break;
        const table::Record* record = follower_.take(core_.loop.now());
        // A stretch of a sweep without changes costs what a record costs.
        if (record == nullptr) continue;
        const std::string_view line = core_.table.line(*record);
        const table::rules::Passage passage{
            record->source, incarnation_, record->server(line), neighbour_.name()};
        if (table::rules::came_from(passage)) continue;
        std::memcpy(batch.data() + size, line.data(), line.size());
        size += line.size();
        batch[size++] = '\n';
        ++core_.counters.records_sent;
    }
    return size;
}

// Behind all that is said until now: its answer shows how long that took.
std::size_t PeerLink::ping(std::span<char> out) {
    assert(live());
    assert(out.size() >= ping_size_max);
    const std::uint64_t token = now_token();
    if (token <= asked_) return 0;
    pinged_ = true;
    asked_ = token;
    return protocol::format_line(out, protocol::Ping{token}).size();
}

bool PeerLink::has_news() const {
    if (!live()) return false;
    const table::rules::Position position = follower_.position();
    return position.seq > marked_.seq || position.sweep_target != marked_.sweep_target ||
           position.sweep_slot != marked_.sweep_slot;
}

std::size_t PeerLink::mark_if_due(std::span<char> out) {
    if (!has_news()) return 0;
    const reactor::Instant due = marked_at_ + mark_interval;
    const bool asked = mark_asked_ && !follower_.behind();
    if (asked || unmarked_bytes_ >= mark_bytes || core_.loop.now() >= due) return mark(out);
    if (!mark_timer_.pending()) mark_timer_.start_at(due);
    return 0;
}

std::size_t PeerLink::mark(std::span<char> out) {
    assert(live());
    assert(out.size() >= mark_size_max);
    const table::rules::Position position = follower_.position();
    assert(position.seq >= marked_.seq);
    assert(position.seq <= core_.table.feed().seq());
    std::size_t size = 0;
    const auto put = [&](const auto& message) {
        size += protocol::format_line(out.subspan(size), message).size();
    };
    if (position.seq > marked_.seq) put(protocol::Seq{position.seq});
    if (follower_.sweeping()) {
        put(protocol::Sweep{position.sweep_target, position.sweep_slot});
        acknowledged_.swept(position.sweep_target);
    }
    if (position.seq > marked_.seq) {
        lag_.marked(position.seq, core_.loop.now(), !follower_.behind());
    }
    if (!follower_.behind()) mark_asked_ = false;
    marked_ = position;
    marked_at_ = core_.loop.now();
    unmarked_bytes_ = 0;
    mark_timer_.cancel();
    return size;
}

void PeerLink::on_mark_due() {
    assert(live());
    core_.wire.post_flush();
}

}  // namespace herd::links
