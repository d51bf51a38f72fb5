#pragma once

#include "protocol/text_writer.hpp"
#include "reactor/time.hpp"
#include "reactor/time_histogram.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace herd::ops {

enum class Kind : std::uint8_t { counter, gauge, histogram };
std::string_view to_text(Kind kind);

// Writes metrics as Prometheus takes them (text format 0.0.4): families, one behind the other, each
// with its samples. What does not fit is left out, and the writer says so.
class MetricsWriter {
public:
    explicit MetricsWriter(std::span<char> out) : text_(out) {}

    // Of what follows.
    void family(std::string_view name, Kind kind, std::string_view help);

    // `labels` as between the braces, or empty. See Label.
    void sample(std::string_view labels, std::uint64_t value);
    void sample_signed(std::string_view labels, std::int64_t value);
    void sample_seconds(std::string_view labels, reactor::Duration value);
    void histogram(const reactor::TimeHistogram& histogram);

    std::string_view text() const { return text_.text(); }
    bool overflowed() const { return text_.overflowed(); }

private:
    void begin(std::string_view suffix, std::string_view labels);

    protocol::TextWriter text_;
    std::string_view name_;
};

// One label, with what needs it in its value escaped: for texts that others have chosen.
class Label {
public:
    static constexpr std::size_t value_size_max = 64;

    Label(std::string_view name, std::string_view value);
    std::string_view text() const { return {buffer_, size_}; }

private:
    char buffer_[32 + 2 * value_size_max + 3];
    std::size_t size_ = 0;
};

// A time in seconds, in full: "0.00025". A view of `out`.
std::string_view write_seconds(std::span<char> out, reactor::Duration time);

}  // namespace herd::ops
