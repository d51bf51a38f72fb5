#include "herd/journal/load.hpp"

#include "herd/journal/format.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>
#include <variant>

namespace herd::journal {

using Kind = Content::Kind;

void Loading::add(std::size_t bytes) {
    assert(taken_ == 0);
    assert(bytes <= room().size());
    held_ += bytes;
    content.size += bytes;
}

bool Loading::take(std::uint64_t lines) {
    while (going_ && lines > 0) {
        const auto texts = next_records(lines);
        if (texts.empty()) break;
        for (const Batch::Line& line : batch_.take(texts, core_.table)) take(line);
    }
    assert(taken_ <= held_);
    if (going_ && lines == 0) return true;
    // None that was written is as long as the buffer.
    if (rest().size() == buffer_.size()) {
        in_torn_ = true;
        pass_torn(rest().size());
    }
    held_ -= taken_;
    // Nothing of another's is wanted.
    if (!going_) held_ = 0;
    std::memmove(buffer_.data(), buffer_.data() + std::exchange(taken_, 0), held_);
    return false;
}

void Loading::skip(std::uint64_t bytes) {
    content.size += bytes;
}

// The texts of the next lines behind those that were taken, which are taken then, too, and counted
// off; none when there is no whole line more, or no more are to be taken.
std::span<const std::string_view> Loading::next_records(std::uint64_t& lines) {
    std::size_t count = 0;
    for (; going_ && count < texts_.size() && lines > 0; --lines) {
        pass_gap();
        const Line next = read_line(rest());
        if (next.kind == Line::Kind::cut) break;
        if (next.kind == Line::Kind::torn) {
            pass_torn(next.size);
            continue;
        }
        if (content.kind == Kind::fresh) {
            if (title(next.text)) pass_good(next.size);
            if (!going_) break;
            continue;
        }
        pass_good(next.size);
        // Of files that somebody has put together.
        if (is_own_title(next.text)) continue;
        texts_[count++] = next.text;
    }
    return std::span(texts_).first(count);
}

// What stands before the next line: the end of a torn one, and a hole.
void Loading::pass_gap() {
    if (in_torn_) {
        const std::size_t end = rest().find('\n');
        in_torn_ = end == std::string_view::npos;
        pass_torn(in_torn_ ? rest().size() : end + 1);
    }
    const std::size_t hole = std::min(rest().find_first_not_of('\0'), rest().size());
    in_zeros_ = hole > 0 || (in_zeros_ && rest().empty());
    taken_ += hole;
}

void Loading::pass_torn(std::size_t bytes) {
    if (torn_ == 0) torn_at_ = at();
    torn_ += bytes;
    taken_ += bytes;
}

void Loading::pass_good(std::size_t bytes) {
    if (torn_ > 0) note_damage();
    taken_ += bytes;
    content.good = at();
}

void Loading::note_damage() {
    if (content.damaged == 0) content.damaged_at = torn_at_;
    content.damaged += std::exchange(torn_, 0);
    ++content.damaged_places;
}

// Only what a write cut short may look like is thrown away.
Content Loading::finish() {
    assert(taken_ == 0);
    assert(content.good <= content.size);
    assert(content.expired + content.refused() <= content.records);
    const std::size_t whole = title_mark.size() + core_.name.size() + frame_size;
    const bool cut = torn_ == 0 && content.size < whole;
    if (content.kind == Kind::fresh && !cut) content.kind = Kind::unreadable;
    if (content.kind == Kind::ours || content.kind == Kind::unreadable) judge_end();
    assert(content.damaged <= content.good);
    return content;
}

// A write that was cut short leaves a piece of one line. Anything else has been lost, and zeros
// with no line behind them are no hole.
void Loading::judge_end() {
    const std::uint64_t end = content.size - content.good;
    const bool unfinished = content.kind == Kind::ours && end == held_ &&
                            end < core_.table.line_size_max() + frame_size;
    if (end == 0 || unfinished) return;
    torn_at_ = content.good;
    torn_ = end;
    note_damage();
    content.good = content.size;
    content.damaged_end = true;
}

void Loading::take(const Batch::Line& line) {
    assert(content.kind == Kind::ours);
    ++content.records;
    const auto* const record =
        line.message ? std::get_if<protocol::AtLine>(&*line.message) : nullptr;
    if (record != nullptr) return take(*record, line.key);
    // It is what was written, whatever it means: those behind it are none the worse.
    ++content.no_record;
}

// As from a neighbour, but of no run of one's: it goes to all of them.
void Loading::take(const protocol::AtLine& record, table::LocationTable::Key key) {
    if (core_.expired(record)) {
        ++content.expired;
        return;
    }
    if (core_.too_far_ahead(record.skew_ns, record.time.nanoseconds)) {
        ++content.too_far_ahead;
        return;
    }
    const table::Stored stored = core_.table.relay(record, key, loaded_source);
    if (stored == table::Stored::table_full || stored == table::Stored::no_long_line)
        ++content.no_space;
}

// Whether the first good line is a title. If that is lost, the file's name says whose it is.
bool Loading::title(std::string_view text) {
    assert(content.kind == Kind::fresh);
    const bool own = is_own_title(text);
    const bool lost = text.starts_with("AT ");
    going_ = own || lost;
    // No hole stands before it.
    torn_ = at();
    torn_at_ = 0;
    content.kind = going_ ? Kind::ours : Kind::others;
    return own;
}

bool Loading::is_own_title(std::string_view text) const {
    return text.starts_with(title_mark) && text.substr(title_mark.size()) == core_.name;
}

}  // namespace herd::journal
