#include "herd/config/file.hpp"

#include "herd/config/draft.hpp"
#include "herd/config/settings.hpp"
#include "herd/config/text.hpp"
#include "reactor/result.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// The schema is the table of settings; the reader keeps a stack of where in it it is, and counts
// lines. So every error, also one about a value that is fine JSON but makes no sense, names line
// and field.
namespace herd::config {

namespace {

// Of JSON.
enum class Kind : std::uint8_t { text, number, flag, null, object, list };

struct Value {
    Kind kind;
    std::string_view text;  // as it stands in the file, a text without its quotes
};

Kind kind_of(const Setting& setting) {
    if (std::holds_alternative<Object>(setting.type)) return Kind::object;
    if (std::holds_alternative<List>(setting.type)) return Kind::list;
    if (std::holds_alternative<Whole>(setting.type)) return Kind::number;
    if (std::holds_alternative<Flag>(setting.type)) return Kind::flag;
    return Kind::text;
}

// What an object or list holds.
Section inside(const Setting& setting) {
    const auto* const object = std::get_if<Object>(&setting.type);
    return object != nullptr ? object->opens : std::get<List>(setting.type).opens;
}

bool is_list(Section section) {
    return find_setting(section, "") != nullptr;
}

std::string_view name_of(Kind kind) {
    static_assert(std::to_underlying(Kind::list) == 5);
    constexpr std::array<std::string_view, 6> names = {"text in double quotes",
                                                       "a whole number",
                                                       "true or false",
                                                       "null",
                                                       "an object {}",
                                                       "a list []"};
    return names[std::to_underlying(kind)];
}

std::string shown(const Value& value) {
    if (value.kind == Kind::text) return quoted(value.text);
    return std::string(value.text.empty() ? name_of(value.kind) : value.text);
}

std::string names_of(Section section) {
    std::string names;
    for (const Setting& setting : settings()) {
        if (setting.in != section) continue;
        if (!names.empty()) names += ", ";
        names += setting.name;
    }
    return names;
}

// What stands where something else was expected, in RapidJSON's words for the latter.
std::string_view expected_by(rapidjson::ParseErrorCode code) {
    switch (static_cast<int>(code)) {
        case rapidjson::kParseErrorDocumentEmpty:
            return "an object {}";
        case rapidjson::kParseErrorDocumentRootNotSingular:
            return "nothing more";
        case rapidjson::kParseErrorValueInvalid:
            return "a value";
        case rapidjson::kParseErrorObjectMissName:
            return "a field's name in double quotes";
        case rapidjson::kParseErrorObjectMissColon:
            return "a colon";
        case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
            return "a comma or }";
        case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
            return "a comma or ]";
        case rapidjson::kParseErrorStringMissQuotationMark:
            return "a closing quote";
        default:
            return "JSON in UTF-8, with comments";
    }
}

// What a missing comma is noticed by stands behind it, often lines below.
bool is_for_comma(rapidjson::ParseErrorCode code) {
    return code == rapidjson::kParseErrorObjectMissCommaOrCurlyBracket ||
           code == rapidjson::kParseErrorArrayMissCommaOrSquareBracket;
}

class Reading : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Reading> {
public:
    Reading(std::string_view text, std::string_view file)
        : text_(text), file_(file), stream_(text.data(), text.size()) {}

    Outcome<Config> run();

    // NOLINTBEGIN(readability-identifier-naming)
    bool Null() { return take({Kind::null, "null"}); }
    bool Bool(bool flag) { return take({Kind::flag, flag ? "true" : "false"}); }
    bool RawNumber(const char*, rapidjson::SizeType, bool);
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return take({Kind::text, {text, size}});
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) { return key({text, size}); }
    bool StartObject() { return open(Kind::object); }
    bool StartArray() { return open(Kind::list); }
    bool EndObject(rapidjson::SizeType) { return close("}"); }
    bool EndArray(rapidjson::SizeType) { return close("]"); }
    // NOLINTEND(readability-identifier-naming)

private:
    // An object or list that is open.
    struct Level {
        Section section;
        std::size_t elements = 0;        // begun so far, in a list
        std::vector<std::string> names;  // of the fields so far, in an object
    };

    bool key(std::string_view name);
    bool take(const Value& value);
    bool open(Kind kind);
    bool close(std::string_view bracket);
    bool choose(const Value& value);

    std::uint32_t line_at(std::size_t offset) const;
    std::string path() const;
    bool pass(const Checked& checked);
    void explain(const rapidjson::ParseResult& result);
    bool lacks_more(rapidjson::ParseErrorCode code, std::string_view rest) const;
    std::size_t comma_behind(std::size_t offset) const;

    std::string_view text_;
    std::string_view file_;
    rapidjson::MemoryStream stream_;
    Draft draft_;
    std::vector<Level> levels_ = {{Section::file, 0, {}}};
    const Setting* setting_ = nullptr;  // whose value is next, or being read
    std::string error_;
    std::size_t ended_ = 0;  // Behind the latest value.
    std::string latest_;     // That, as it is shown.
};

Outcome<Config> Reading::run() {
    // Iterative: hostile nesting must not exhaust the stack.
    constexpr unsigned flags = rapidjson::kParseCommentsFlag | rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    rapidjson::Reader reader;
    const rapidjson::ParseResult result = reader.Parse<flags>(stream_, *this);
    if (result.IsError() && error_.empty()) explain(result);
    if (error_.empty() && pass(draft_.finish())) return std::move(draft_).config();
    return std::unexpected(std::move(error_));
}

bool Reading::RawNumber(const char*, rapidjson::SizeType, bool) {
    // From the file itself: what RapidJSON hands over lacks the sign.
    const std::string_view before = text_.substr(0, stream_.Tell());
    return take({Kind::number, before.substr(before.find_last_not_of("0123456789+-.eE") + 1)});
}

bool Reading::key(std::string_view name) {
    assert(!levels_.empty());
    Level& level = levels_.back();
    const bool again = std::ranges::find(level.names, name) != level.names.end();
    level.names.emplace_back(name);
    setting_ = find_setting(level.section, name);
    if (level.section == Section::places && name == "key") {
        return pass(Error{"key_file, the name of a file that holds the key", "the key"});
    }
    if (setting_ == nullptr) {
        return pass(Error{"one of " + names_of(level.section), quoted(name)});
    }
    return !again || pass(Error{"each field once", "it again"});
}

// Which setting a value belongs to, and whether it is of its kind.
bool Reading::choose(const Value& value) {
    draft_.at_line(line_at(stream_.Tell()));
    assert(!levels_.empty());
    Level& level = levels_.back();
    if (is_list(level.section)) {
        ++level.elements;
        setting_ = find_setting(level.section, "");
    }
    assert(setting_ != nullptr);
    const Kind expected = kind_of(*setting_);
    return expected == value.kind || pass(Error{std::string(name_of(expected)), shown(value)});
}

bool Reading::take(const Value& value) {
    ended_ = stream_.Tell();
    latest_ = shown(value);
    return choose(value) && pass(draft_.take(*setting_, value.text));
}

bool Reading::open(Kind kind) {
    if (!choose({kind, {}})) return false;
    const Section section = inside(*setting_);
    if (!pass(draft_.begin(section))) return false;
    levels_.push_back({section, 0, {}});
    return true;
}

bool Reading::close(std::string_view bracket) {
    ended_ = stream_.Tell();
    latest_ = bracket;
    assert(levels_.size() > 1);
    const Section section = levels_.back().section;
    levels_.pop_back();
    return pass(draft_.end(section));
}

std::uint32_t Reading::line_at(std::size_t offset) const {
    assert(offset <= text_.size());
    const std::string_view before = text_.substr(0, offset);
    return 1 + static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
}

// Of what is being read: "servers[2].name".
std::string Reading::path() const {
    std::string path;
    for (const Level& level : levels_) {
        if (level.section == Section::file) continue;
        if (level.elements > 0) path += "[" + std::to_string(level.elements - 1) + "]";
        if (level.names.empty()) continue;
        if (!path.empty()) path += ".";
        path += level.names.back();
    }
    return path.empty() ? "file" : path;
}

// Whether all is fine; otherwise what is not becomes the error.
bool Reading::pass(const Checked& checked) {
    if (!checked) return true;
    assert(!checked->expected.empty());
    assert(checked->line == 0 || !checked->field.empty());
    const bool here = checked->field.empty();
    const std::uint32_t line = here || checked->line == 0 ? line_at(stream_.Tell()) : checked->line;
    error_ = std::string(file_) + ":" + std::to_string(line) + ": " +
             (here ? path() : checked->field) + ": expected " + checked->expected + ", got " +
             checked->got;
    return false;
}

void Reading::explain(const rapidjson::ParseResult& result) {
    assert(result.IsError());
    assert(error_.empty());
    const std::string_view rest = text_.substr(std::min(result.Offset(), text_.size()));
    const std::string got = rest.empty() ? "the end of the file" : quoted(rest.substr(0, 1));
    const std::uint32_t line = line_at(text_.size() - rest.size());
    const std::uint32_t before = line_at(ended_);
    const std::string there = got + " on line " + std::to_string(line);
    std::string expected(expected_by(result.Code()));
    if (lacks_more(result.Code(), rest)) {
        const std::string_view more = is_list(levels_.back().section) ? "element" : "field";
        const std::uint32_t comma = line_at(comma_behind(ended_));
        levels_.pop_back();  // It is no fault of the one before the comma.
        pass(Error{"another " + std::string(more) + " after the last comma, or no comma",
                   comma == line ? got : there,
                   path(),
                   comma});
    } else if (!is_for_comma(result.Code()) || before == line) {
        pass(Error{expected, got, path(), line});
    } else {
        pass(Error{expected + " after " + latest_, there, path(), before});
    }
}

// Whether a comma has the end of its object or list behind it. These may be empty, so what is
// missed before their end is what the comma has promised.
bool Reading::lacks_more(rapidjson::ParseErrorCode code, std::string_view rest) const {
    assert(!levels_.empty());
    if (is_list(levels_.back().section)) {
        return code == rapidjson::kParseErrorValueInvalid && rest.starts_with(']');
    }
    return code == rapidjson::kParseErrorObjectMissName && rest.starts_with('}');
}

// Between them are blanks and comments.
std::size_t Reading::comma_behind(std::size_t offset) const {
    while (offset < text_.size() && text_[offset] != ',') {
        const std::string_view rest = text_.substr(offset);
        const std::string_view end = rest.starts_with("//") ? "\n" : "*/";
        offset += rest.starts_with('/') ? rest.find(end, 2) + end.size() : 1;
    }
    assert(offset < text_.size());
    return offset;
}

}  // namespace

Outcome<Config> parse(std::string_view text, std::string_view file) {
    assert(!file.empty());
    // Some editors put it there, and nobody sees it.
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    return Reading(text, file).run();
}

Outcome<Config> read(const char* path) {
    const auto close = [](std::FILE* file) { static_cast<void>(std::fclose(file)); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path, "rbe"), close);
    if (!file && errno == ENOENT) {
        return failure(path,
                       "is not there; herd.json(5), or docs/configuration.md, says what stands in "
                       "a configuration, and without --config a built-in herd is meant");
    }
    if (!file) return failure(path, reactor::Errno{errno});
    std::string text(file_size_max + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) return failure(path, reactor::Errno{errno});
    if (text.size() > file_size_max) {
        return std::unexpected(std::string(path) + ": is longer than 1 MiB");
    }
    return parse(text, path);
}

}  // namespace herd::config
