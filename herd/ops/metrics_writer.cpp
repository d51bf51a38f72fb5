#include "herd/ops/metrics_writer.hpp"

#include <array>
#include <cassert>

namespace herd::ops {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t seconds_size_max = 32;

}  // namespace

std::string_view to_text(Kind kind) {
    switch (kind) {
        case Kind::counter:
            return "counter";
        case Kind::gauge:
            return "gauge";
        case Kind::histogram:
            break;
    }
    return "histogram";
}

std::string_view write_seconds(std::span<char> out, reactor::Duration time) {
    assert(out.size() >= seconds_size_max);
    const std::uint64_t ns = protocol::TextWriter::magnitude(time.count());
    protocol::TextWriter text(out);
    if (time.count() < 0) text.put('-');
    text.put_decimal(ns / second_ns);
    const std::size_t whole = text.size();
    text.put('.');
    text.put_decimal(ns % second_ns, 9);
    while (text.text().ends_with('0')) text.shrink(text.size() - 1);
    if (text.text().ends_with('.')) text.shrink(whole);
    return text.text();
}

void MetricsWriter::family(std::string_view name, Kind kind, std::string_view help) {
    assert(!name.empty());
    assert(!help.empty());
    name_ = name;
    for (const std::string_view piece : {std::string_view("# HELP "),
                                         name,
                                         std::string_view(" "),
                                         help,
                                         std::string_view("\n# TYPE "),
                                         name,
                                         std::string_view(" "),
                                         to_text(kind),
                                         std::string_view("\n")}) {
        text_.put(piece);
    }
}

void MetricsWriter::begin(std::string_view suffix, std::string_view labels) {
    text_.put(name_);
    text_.put(suffix);
    if (!labels.empty()) {
        text_.put('{');
        text_.put(labels);
        text_.put('}');
    }
    text_.put(' ');
}

void MetricsWriter::sample(std::string_view labels, std::uint64_t value) {
    begin("", labels);
    text_.put_decimal(value);
    text_.put('\n');
}

void MetricsWriter::sample_signed(std::string_view labels, std::int64_t value) {
    begin("", labels);
    text_.put_signed(value);
    text_.put('\n');
}

void MetricsWriter::sample_seconds(std::string_view labels, reactor::Duration value) {
    std::array<char, seconds_size_max> buffer{};
    begin("", labels);
    text_.put(write_seconds(buffer, value));
    text_.put('\n');
}

// Each bucket counts what those before it do, too.
void MetricsWriter::histogram(const reactor::TimeHistogram& histogram) {
    std::array<char, seconds_size_max> buffer{};
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
        count += histogram.count(i);
        begin("_bucket", Label("le", write_seconds(buffer, histogram.bounds()[i])).text());
        text_.put_decimal(count);
        text_.put('\n');
    }
    count += histogram.count(histogram.bounds().size());
    begin("_bucket", "le=\"+Inf\"");
    text_.put_decimal(count);
    text_.put('\n');
    begin("_sum", "");
    text_.put(write_seconds(buffer, histogram.sum()));
    text_.put('\n');
    begin("_count", "");
    text_.put_decimal(count);
    text_.put('\n');
}

// The buffer has room for any value of that size, all of it escaped.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
Label::Label(std::string_view name, std::string_view value) {
    assert(value.size() <= value_size_max);
    protocol::TextWriter text(buffer_);
    text.put(name);
    text.put("=\"");
    for (const char byte : value) {
        if (byte == '"' || byte == '\\') text.put('\\');
        text.put(byte);
    }
    text.put('"');
    assert(!text.overflowed());
    size_ = text.size();
}

}  // namespace herd::ops
