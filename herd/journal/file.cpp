#include "herd/journal/file.hpp"

#include "herd/journal/format.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <utility>

namespace herd::journal {

File::File(table::LocationTable& table,
           int fd,
           std::uint64_t size,
           const table::rules::Position& position)
    : table_(table), follower_(table), fd_(fd), seq_(position.seq), size_(size) {
    assert(fd >= 0);
    follower_.resume(position);
}

void File::keep_small(const Regions& regions) {
    assert(!regions_.on());
    regions_ = regions;
}

void File::leave_out(std::uint32_t source) {
    assert(has_from_ == 0);
    has_from_ = source;
    loaded_seq_ = table_.feed().seq();
}

reactor::Result<void> File::write(std::string_view bytes) {
    assert(!busy());
    assert(!given_up_);
    while (!bytes.empty()) {
        const auto written = reactor::sys::write(fd_, bytes);
        if (!written) return std::unexpected(written.error());
        assert(*written <= bytes.size());
        size_ += *written;
        bytes.remove_prefix(*written);
    }
    return {};
}

reactor::Result<void> File::pump(std::span<char> buffer,
                                 std::uint64_t count,
                                 reactor::Instant now) {
    do {
        if (auto done = write(fill(buffer, count, now)); !done) return done;
    } while (count > 0 && (behind() || emptying()));
    seq_ = complete_seq();
    return {};
}

std::string_view File::take(std::span<char> buffer, std::uint64_t count, reactor::Instant now) {
    assert(!busy());
    assert(!given_up_);
    const std::string_view batch = fill(buffer, count, now);
    taken_seq_ = complete_seq();
    writing_ = batch.size();
    if (!busy()) seq_ = taken_seq_;
    return batch;
}

// A record that has changed again while it was waited for stands further behind, and what was
// answered of it is neither here nor there until that is written. So only the end counts.
std::uint64_t File::complete_seq() const {
    if (behind()) return seq_;
    assert(follower_.position().seq >= seq_);
    return follower_.position().seq;
}

void File::on_written() {
    assert(busy());
    size_ += std::exchange(writing_, 0);
    seq_ = taken_seq_;
    assert(!busy());
}

void File::mark() {
    assert(unsettled_ == 0);
    assert(!given_up_);
    assert(marked_ <= size_);
    ++unsettled_;
    marked_ = size_;
}

void File::on_synced(bool done) {
    assert(unsettled_ > 0);
    --unsettled_;
    assert(synced_ <= marked_);
    if (done) synced_ = marked_;
}

std::optional<Regions::Hole> File::next_hole() {
    assert(!given_up_);
    if (holed_) return {};
    const auto hole = regions_.next_hole(synced_);
    holed_ = hole.has_value();
    return hole;
}

void File::on_hole(const Regions::Hole& hole, bool done) {
    assert(holed_);
    holed_ = false;
    regions_.on_hole(hole, done);
}

std::string_view File::fill(std::span<char> buffer, std::uint64_t& count, reactor::Instant now) {
    const std::size_t longest = table_.line_size_max() + frame_size;
    assert(buffer.size() >= longest);
    // What it was behind by may have expired: then its follower is not behind any more, and
    // hands out at once what comes next.
    if (!follower_.behind()) static_cast<void>(follower_.take(now));
    regions_.turn(size_);
    std::size_t used = 0;
    for (; count > 0 && follower_.behind() && buffer.size() - used >= longest; --count) {
        // A stretch of a sweep without changes costs what a record costs.
        const table::Record* record = follower_.take(now);
        if (record == nullptr) continue;
        if (has_from_ != 0 && record->source == has_from_) continue;
        used += put(buffer.subspan(used), *record);
    }
    for (; count > 0 && emptying() && !behind() && buffer.size() - used >= longest; --count) {
        used += put_again(buffer.subspan(used));
    }
    assert(used <= buffer.size());
    return {buffer.data(), used};
}

std::size_t File::put(std::span<char> buffer, const table::Record& record) {
    const std::size_t size = format_line(buffer, table_.line(record)).size();
    regions_.add(table_.slot(record), size);
    return size;
}

// One that is no more, or a stretch without any, takes no bytes.
std::size_t File::put_again(std::span<char> buffer) {
    const auto slot = regions_.next(table_.slots());
    if (!slot) return 0;
    if (table_.used(*slot)) return put(buffer, table_.at(*slot));
    regions_.forget(*slot);
    return 0;
}

void File::check() const {
    regions_.check();
    assert(fd_ >= 0);
    assert(synced_ <= marked_);
    assert(marked_ <= size_);
    assert(unsettled_ <= 1);
    assert(seq_ <= table_.feed().seq());
    assert(!busy() || seq_ <= taken_seq_);
    assert(busy() || seq_ <= follower_.position().seq);
    follower_.check();
}

}  // namespace herd::journal
