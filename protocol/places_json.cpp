#include "protocol/places_json.hpp"

#include "protocol/places_layout.hpp"
#include "protocol/places_walk.hpp"
#include "protocol/text_writer.hpp"

#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

// A body is read by RapidJSON's iterative reader, which runs here without any storage but its two
// numbers per level of nesting. It is told to parse "in situ"; but what it decodes goes into a
// small scratch (Source), as only keys and statuses are ever looked at, and everything else is
// copied out of the body as it stands. Walker turns the reader's events into one call per value.
namespace protocol {
namespace {

// Names the stack below among those that RapidJSON has for its allocators.
struct FixedStorage {};

}  // namespace
}  // namespace protocol

// RapidJSON names the functions that it calls.
// NOLINTBEGIN(readability-identifier-naming)

// The reader's only storage. Its own stack grows on the heap, and reckons with a null pointer
// before that. This one holds the two numbers that the reader pushes for each level, also for the
// one too many at which Walker stops it.
template <>
class rapidjson::internal::Stack<protocol::FixedStorage> {
public:
    Stack(const protocol::FixedStorage*, std::size_t) {}

    template <class T>
    T* Push(std::size_t count = 1) {
        assert(count * sizeof(T) <= bytes_.size() - size_);
        size_ += count * sizeof(T);
        return at<T>(size_ - count * sizeof(T));
    }

    template <class T>
    T* Pop(std::size_t count) {
        assert(count * sizeof(T) <= size_);
        size_ -= count * sizeof(T);
        return at<T>(size_);
    }

    template <class T>
    T* Top() {
        assert(sizeof(T) <= size_);
        return at<T>(size_ - sizeof(T));
    }

    void Clear() { size_ = 0; }

private:
    template <class T>
    T* at(std::size_t offset) {
        return static_cast<T*>(static_cast<void*>(bytes_.data() + offset));
    }

    static constexpr std::size_t capacity = (protocol::places_depth_max + 1) * 2 * sizeof(SizeType);

    alignas(SizeType) std::array<char, capacity> bytes_ = {};
    std::size_t size_ = 0;
};

// NOLINTEND(readability-identifier-naming)

namespace protocol {
namespace {

PlacesKey to_key(std::string_view text) {
    struct Name {
        std::string_view text;
        PlacesKey key;
    };
    static constexpr Name names[] = {
        {"details", PlacesKey::details},
        {"displayName", PlacesKey::display_name},
        {"error", PlacesKey::error},
        {"formattedAddress", PlacesKey::formatted_address},
        {"id", PlacesKey::id},
        {"latitude", PlacesKey::latitude},
        {"location", PlacesKey::location},
        {"longitude", PlacesKey::longitude},
        {"message", PlacesKey::message},
        {"places", PlacesKey::places},
        {"reason", PlacesKey::reason},
        {"results", PlacesKey::results},
        {"status", PlacesKey::status},
        {"text", PlacesKey::text},
        {"types", PlacesKey::types},
    };
    for (const Name& name : names) {
        if (name.text == text) return name.key;
    }
    return PlacesKey::other;
}

// RapidJSON names the functions that it calls.
// NOLINTBEGIN(readability-identifier-naming)

// The body as the reader's input, and a scratch as its output.
class Source {
public:
    using Ch = char;

    explicit Source(std::string_view body) : body_(body) {}

    // A NUL means the end to the reader, so one in the body does too: see `walk_places`.
    char Peek() const { return at_ < body_.size() ? body_[at_] : '\0'; }
    char Take() { return at_ < body_.size() ? body_[at_++] : '\0'; }
    std::size_t Tell() const { return at_; }

    char* PutBegin() {
        string_begin_ = at_;
        decoded_size_ = 0;
        return scratch_.data();
    }
    void Put(char byte) {
        if (decoded_size_ < scratch_.size()) scratch_[decoded_size_] = byte;
        ++decoded_size_;
    }
    std::size_t PutEnd(const char*) const { return decoded_size_; }

    std::string_view body() const { return body_; }

    // The string just read, with its quotes.
    std::string_view string() const {
        return body_.substr(string_begin_ - 1, at_ - string_begin_ + 1);
    }

    // What `size` decoded bytes mean; empty if they did not fit.
    std::string_view decoded(std::size_t size) const {
        return size < scratch_.size() ? std::string_view(scratch_.data(), size) : "";
    }

private:
    std::string_view body_;
    std::size_t at_ = 0;
    std::size_t string_begin_ = 0;  // behind the opening quote
    std::size_t decoded_size_ = 0;
    std::array<char, 32> scratch_ = {};  // room for any key and status that we know
};

// Turns the reader's events into one call per value.
class Walker {
public:
    Walker(const Source& source, PlacesVisitor& visitor) : source_(source), visitor_(visitor) {}

    std::optional<PlacesFault> fault() const { return fault_; }

    bool Null() { return visit({JsonKind::literal, before(4), ""}); }
    bool Bool(bool value) { return visit({JsonKind::literal, before(value ? 4 : 5), ""}); }
    bool RawNumber(const char*, std::size_t size, bool) {
        return visit({JsonKind::number, before(size), ""});
    }
    bool String(const char*, std::size_t size, bool) {
        return visit({JsonKind::string, source_.string(), source_.decoded(size)});
    }
    bool Key(const char*, std::size_t size, bool) {
        path_.set_key(to_key(source_.decoded(size)));
        return true;
    }
    bool StartObject() { return enter(PlacesKey::other); }
    bool StartArray() { return enter(PlacesKey::element); }
    bool EndObject(std::size_t) { return leave(JsonKind::object); }
    bool EndArray(std::size_t) { return leave(JsonKind::array); }

    // Numbers come as text only.
    static bool Int(int) { return false; }
    static bool Uint(unsigned) { return false; }
    static bool Int64(std::int64_t) { return false; }
    static bool Uint64(std::uint64_t) { return false; }
    static bool Double(double) { return false; }

private:
    std::string_view before(std::size_t size) const {
        return source_.body().substr(source_.Tell() - size, size);
    }

    bool enter(PlacesKey key) {
        if (path_.full()) return fail(PlacesFault::too_deep);
        path_.enter(source_.Tell(), key);
        return true;
    }

    // Called in front of the closing bracket.
    bool leave(JsonKind kind) {
        const std::size_t begin = path_.leave();
        return visit({kind, source_.body().substr(begin, source_.Tell() + 1 - begin), ""});
    }

    bool visit(const JsonValue& value) {
        if (++values_ > places_values_max) return fail(PlacesFault::too_large);
        return visitor_.on_value(path_, value) || fail(PlacesFault::wrong_shape);
    }

    bool fail(PlacesFault fault) {
        fault_ = fault;
        return false;
    }

    const Source& source_;
    PlacesVisitor& visitor_;
    PlacesPath path_;
    std::size_t values_ = 0;
    std::optional<PlacesFault> fault_;
};

// NOLINTEND(readability-identifier-naming)

constexpr std::string_view status_names[] = {
    "OK",
    "ZERO_RESULTS",
    "INVALID_REQUEST",
    "OVER_QUERY_LIMIT",
    "REQUEST_DENIED",
    "UNKNOWN_ERROR",
};

PlacesStatus to_status(std::string_view name) {
    for (std::size_t i = 0; i < std::size(status_names); ++i) {
        if (status_names[i] == name) return static_cast<PlacesStatus>(i);
    }
    return PlacesStatus::unknown_error;
}

// Finds in a legacy answer the status and what to cut out.
class CutVisitor final : public PlacesVisitor {
public:
    explicit CutVisitor(std::uint32_t bound) : bound_(bound) {}

    bool on_value(const PlacesPath& path, const JsonValue& value) override {
        if (path.is({PlacesKey::results, PlacesKey::element})) {
            if (count_ < bound_) kept_end_ = end(value);
            if (count_ < ends_.size()) ends_[count_] = end(value);
            ++count_;
            element_end_ = end(value);
            return true;
        }
        if (path.is({PlacesKey::results})) return take_results(value);
        if (path.is({PlacesKey::status})) return take_status(value);
        return !path.is({}) || value.kind == JsonKind::object;
    }

    bool complete() const { return has_results_ && status_.has_value(); }
    PlacesStatus status() const { return *status_; }

    // Writes what is left of the body, which was walked.
    PlacesCuts write(TextWriter& writer, std::string_view body) const;

private:
    static const char* end(const JsonValue& value) { return value.json.data() + value.json.size(); }

    bool take_results(const JsonValue& value) {
        if (has_results_ || value.kind != JsonKind::array) return false;
        has_results_ = true;
        results_ = value.json;
        return true;
    }

    bool take_status(const JsonValue& value) {
        if (status_ || value.kind != JsonKind::string) return false;
        status_ = to_status(value.decoded);
        return true;
    }

    std::uint32_t bound_;
    std::size_t count_ = 0;
    const char* kept_end_ = nullptr;                        // of the last element to keep
    const char* element_end_ = nullptr;                     // of the last element of all
    std::array<const char*, PlacesCuts::ends_max> ends_{};  // of the first ones
    bool has_results_ = false;
    std::string_view results_;  // with the brackets
    std::optional<PlacesStatus> status_;
};

// Copies with each run of newlines made one, counting one at the end of what is already there.
void put_squeezed(TextWriter& writer, std::string_view text) {
    while (!text.empty()) {
        const std::size_t line = text.find('\n');
        writer.put(text.substr(0, line));
        if (line == std::string_view::npos) return;
        if (writer.size() > 0 && writer.text().back() != '\n') writer.put('\n');
        text.remove_prefix(std::min(text.find_first_not_of('\n', line), text.size()));
    }
}

PlacesCuts CutVisitor::write(TextWriter& writer, std::string_view body) const {
    const char* at = body.data();
    const auto put_until = [&](const char* stop) {
        put_squeezed(writer, std::string_view(at, stop));
        at = stop;
        return static_cast<std::uint32_t>(writer.size());
    };
    PlacesCuts cuts;
    cuts.count = static_cast<std::uint32_t>(std::min<std::size_t>(count_, bound_));
    cuts.begin = put_until(results_.data() + 1);
    for (std::size_t i = 0; i < std::min<std::size_t>(cuts.count, ends_.size()); ++i) {
        cuts.ends[i] = put_until(ends_[i]);
    }
    if (cuts.count > 0) cuts.last_end = put_until(kept_end_);
    const char* const bracket = results_.data() + results_.size() - 1;
    // The elements too many go, each with the comma in front of it; of all, what is between them.
    if (count_ > bound_) at = bound_ == 0 ? bracket : element_end_;
    cuts.end = put_until(bracket);
    put_until(body.data() + body.size());
    return cuts;
}

}  // namespace

std::string_view to_text(PlacesStatus status) {
    return status_names[static_cast<std::size_t>(status)];
}

std::string_view to_text(PlacesFault fault) {
    switch (fault) {
        case PlacesFault::not_json:
            return "not_json";
        case PlacesFault::wrong_shape:
            return "wrong_shape";
        case PlacesFault::too_deep:
            return "too_deep";
        case PlacesFault::too_large:
            return "too_large";
    }
    return "";
}

std::optional<PlacesFault> walk_places(std::string_view body, PlacesVisitor& visitor) {
    constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    constexpr std::size_t body_size_max = 1U << 30U;  // sizes are 32 bits wide in the reader
    if (body.size() > body_size_max) return PlacesFault::too_large;

    rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, FixedStorage> reader;
    Source source(body);
    Walker walker(source, visitor);
    const bool failed = reader.Parse<flags>(source, walker).IsError();
    if (walker.fault()) return walker.fault();
    // The reader takes a NUL for the end and is content with what stands before it.
    if (failed || source.Tell() != body.size()) return PlacesFault::not_json;
    return std::nullopt;
}

std::expected<CutPlaces, PlacesFault> cut_places(std::span<char> out,
                                                 std::string_view body,
                                                 std::uint32_t bound) {
    CutVisitor visitor(bound);
    if (const auto fault = walk_places(body, visitor)) return std::unexpected(*fault);
    if (!visitor.complete()) return std::unexpected(PlacesFault::wrong_shape);

    const std::string_view text = body.substr(0, body.find_last_not_of(" \t\r\n") + 1);
    TextWriter writer(out);
    const PlacesCuts cuts = visitor.write(writer, text);
    if (writer.overflowed()) return std::unexpected(PlacesFault::too_large);
    return CutPlaces{writer.text(), visitor.status(), cuts};
}

std::string_view cut_again(std::span<char> out, const CutPlaces& answer, std::uint32_t bound) {
    const PlacesCuts& cuts = answer.cuts;
    assert(bound <= PlacesCuts::ends_max);
    std::size_t left = answer.text.size();
    std::size_t right = left;
    if (bound < cuts.count) {
        left = bound == 0 ? cuts.begin : cuts.ends[bound - 1];
        right = bound == 0 ? cuts.end : cuts.last_end;
    }
    TextWriter writer(out);
    writer.put(answer.text.substr(0, left));
    writer.put(answer.text.substr(right));
    assert(!writer.overflowed());
    return writer.text();
}

}  // namespace protocol
