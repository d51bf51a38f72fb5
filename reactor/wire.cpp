#include "reactor/wire.hpp"

#include "reactor/stream.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace reactor {

Wire::Wire(Loop& loop)
    : loop_(loop),
      deliver_task_(loop, Phase::work, Delegate<void()>::to<&Wire::deliver_resumed>(*this)),
      flush_task_(loop, Phase::flush, Delegate<void()>::to<&Wire::flush>(*this)),
      reclaim_task_(loop, Phase::reclaim, Delegate<void()>::to<&Wire::reclaim_dead>(*this)) {}

Result<void> Wire::open(const Limits& limits) {
    limits_ = limits;
    assert(send_.size() == 0);
    assert(limits.receive_size > 0);
    assert(limits.send_size > 0);
    assert(limits.send_size <= UINT32_MAX);  // A span's offset.
    if (auto mapped = blocks_.map(limits.blocks, limits.blocks_reserved); !mapped) return mapped;
    auto receive = PageArray<char>::map(limits.receive_size + Seal::record_max);
    if (!receive) return std::unexpected(receive.error());
    if (limits.watches > 0) {
        auto sealed = PageArray<char>::map(limits.receive_size);
        if (!sealed) return std::unexpected(sealed.error());
        auto seals = PageArray<SealPtr>::map(limits.watches);
        if (!seals) return std::unexpected(seals.error());
        sealed_ = std::move(*sealed);
        seals_ = std::move(*seals);
    }
    auto send = PageArray<char>::map(limits.send_size);
    if (!send) return std::unexpected(send.error());
    auto spans = PageArray<Span>::map(spans_max);
    if (!spans) return std::unexpected(spans.error());
    receive_ = std::move(*receive);
    send_ = std::move(*send);
    spans_ = std::move(*spans);
    return {};
}

std::uint32_t Wire::seconds() const {
    const auto since = std::chrono::floor<std::chrono::seconds>(loop_.now().time_since_epoch());
    return static_cast<std::uint32_t>(since.count());
}

std::span<char> Wire::reserve(std::size_t size) {
    assert(size <= send_.size());
    if (send_.size() - send_used_ < size || span_count_ == spans_max) flush();
    return {&send_[0] + send_used_, send_.size() - send_used_};
}

void Wire::commit(Stream& stream, std::size_t size) {
    assert(size <= send_.size() - send_used_);
    assert(span_count_ < spans_max);
    if (size == 0 || stream.dead()) return;
    assert(stream.sends());
    const auto offset = static_cast<std::uint32_t>(send_used_);
    send_used_ += size;
    post_flush();
    if (span_count_ > 0) {
        Span& last = spans_[span_count_ - 1];
        if (last.stream == &stream && last.offset + last.size == offset) {
            last.size += static_cast<std::uint32_t>(size);
            if (last.size > answers_max && stream.delivering_) stream.yield();
            return;
        }
    }
    ++stream.spans_;
    spans_[span_count_++] = {&stream, offset, static_cast<std::uint32_t>(size)};
}

void Wire::uncork(std::uint64_t mark) {
    while (corked_.front() != nullptr && corked_.front()->mark_ <= mark) corked_.pop()->uncork();
}

void Wire::flush() {
    assert(!flushing_);  // What goes first has reserved.
    flushing_ = true;
    if (first_) first_();
    send_spans();
    flushing_ = false;
}

void Wire::send_spans() {
    for (std::uint32_t i = 0; i < span_count_; ++i) {
        const Span& span = spans_[i];
        assert(span.stream->spans_ > 0);
        --span.stream->spans_;
        span.stream->write({&send_[0] + span.offset, span.size});
    }
    span_count_ = 0;
    send_used_ = 0;
}

// Those who were only kept waiting go before those who have more than a turn's worth: so whoever
// says little waits for an iteration at most, however many say much.
void Wire::deliver_resumed() {
    give_turns(resumed_);
    give_turns(yielded_);
    if (!resumed_.empty() || !yielded_.empty()) deliver_task_.post();
}

// One turn each, in their order, while there is time; the first has one in any case. Who comes
// meanwhile, or comes again, stands behind. What the last turn has said leaves before the next one.
void Wire::give_turns(List<Stream>& waiting) {
    const Instant end = loop_.now() + turns_time;
    List<Stream> now;
    now.steal(waiting);
    while (Stream* stream = now.pop()) {
        if (stream->yielded_ && stream->spans_ > 0) {
            waiting.push_back(*stream);
            continue;
        }
        stream->deliver_held();
        if (!now.empty() && Instant(Duration(sys::monotonic_ns())) > end) break;
    }
    now.steal(waiting);
    waiting.steal(now);
}

void Wire::reclaim_dead() {
    List<Stream> dead;
    dead.steal(dead_);
    while (Stream* stream = dead.pop()) {
        assert(stream->dead());
        assert(stream->spans_ == 0);  // The flush came before, and nobody writes for the dead.
        stream->events_.on_closed(stream->why());
    }
}

void Wire::keep_seal(WatchId watch, SealPtr seal) {
    assert(seal != nullptr);
    SealPtr& place = seals_[std::to_underlying(watch)];
    assert(place == nullptr);
    place = std::move(seal);
}

void Wire::drop_seal(WatchId watch) {
    assert(seals_[std::to_underlying(watch)] != nullptr);
    seals_[std::to_underlying(watch)].reset();
}

Seal& Wire::seal_of(WatchId watch) {
    assert(seals_[std::to_underlying(watch)] != nullptr);
    return *seals_[std::to_underlying(watch)];
}

void Wire::check() const {
    assert(!flushing_);
    blocks_.check();
    std::size_t used = 0;
    for (std::uint32_t i = 0; i < span_count_; ++i) {
        const Span& span = spans_[i];
        assert(span.offset == used);
        assert(span.size > 0);
        assert(span.stream->spans_ > 0);
        span.stream->check();
        used += span.size;
    }
    assert(used == send_used_);
    assert(send_used_ <= send_.size());
    assert(span_count_ == 0 || flush_task_.linked());
    for (const List<Stream>* waiting : {&resumed_, &yielded_}) {
        check_list(*waiting, deliver_task_.linked(), [](const Stream& stream) {
            assert(stream.life_ == Stream::Life::open || stream.life_ == Stream::Life::paused);
            assert(!stream.corked_);
        });
    }
    std::uint64_t mark = 0;
    check_list(corked_, true, [&](const Stream& stream) {
        assert(stream.corked_);
        assert(stream.mark_ >= mark);
        mark = stream.mark_;
    });
    assert(mark <= mark_);
    check_list(dead_, reclaim_task_.linked(), [](const Stream& stream) { assert(stream.dead()); });
}

template <class Check>
void Wire::check_list(const List<Stream>& list, bool posted, Check check) {
    list.check();
    assert(list.empty() || posted);
    for (const Stream* stream = list.front(); stream != nullptr; stream = list.next(*stream)) {
        stream->check();
        check(*stream);
    }
}

}  // namespace reactor
