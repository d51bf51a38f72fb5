#include "herd/config/file.hpp"

#include "herd/config/draft.hpp"
#include "herd/config/limit_rules.hpp"
#include "herd/config/text.hpp"
#include "reactor/result.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The schema is a table; the reader keeps a stack of where in it it is, and counts lines. So every
// complaint, also one about a value that is fine JSON but makes no sense, names line and field.
namespace herd::config {

namespace {

enum class Place : std::uint8_t {
    file,
    root,
    servers,
    server,
    links,
    link,
    places,
    limits,
    log,
    journal,
};
enum class Kind : std::uint8_t { text, number, flag, null, object, array };

struct Value {
    Kind kind;
    std::string_view text;  // as it stands in the file, a text without its quotes
};

struct Field {
    Place in;
    std::string_view name;  // empty: an element of an array
    Kind kind;
    Place opens = Place::file;                             // of an object or array
    Judgement (Draft::*take)(std::string_view) = nullptr;  // of all others
    bool required = false;                                 // of a server
};

constexpr std::array fields = {
    Field{Place::file, "", Kind::object, Place::root},
    Field{Place::root, "servers", Kind::array, Place::servers},
    Field{Place::root, "links", Kind::array, Place::links},
    Field{Place::root, "places", Kind::object, Place::places},
    Field{Place::root, "limits", Kind::object, Place::limits},
    Field{Place::root, "log", Kind::object, Place::log},
    Field{Place::root, "journal", Kind::object, Place::journal},
    Field{Place::root, "max_future_ms", Kind::number, {}, &Draft::take_max_future},
    Field{Place::root, "ttl_s", Kind::number, {}, &Draft::take_ttl},
    Field{Place::root, "prefault", Kind::flag, {}, &Draft::take_prefault},
    Field{Place::root, "spin", Kind::flag, {}, &Draft::take_spin},
    Field{Place::servers, "", Kind::object, Place::server},
    Field{Place::server, "name", Kind::text, {}, &Draft::take_name, true},
    Field{Place::server, "clients", Kind::text, {}, &Draft::take_clients, true},
    Field{Place::server, "peers", Kind::text, {}, &Draft::take_peers},
    Field{Place::server, "legacy", Kind::flag, {}, &Draft::take_legacy},
    Field{Place::links, "", Kind::array, Place::link},
    Field{Place::link, "", Kind::text, {}, &Draft::take_link_end},
    Field{Place::places, "provider", Kind::text, {}, &Draft::take_provider},
    Field{Place::places, "url", Kind::text, {}, &Draft::take_url},
    Field{Place::places, "key_file", Kind::text, {}, &Draft::take_key_file},
    Field{Place::log, "folder", Kind::text, {}, &Draft::take_folder},
    Field{Place::log, "wire", Kind::flag, {}, &Draft::take_wire},
    Field{Place::journal, "folder", Kind::text, {}, &Draft::take_journal_folder},
    Field{Place::journal, "fsync", Kind::text, {}, &Draft::take_fsync},
};
// Of these, the rules are the table.
constexpr Field limit_field{Place::limits, "", Kind::number, {}, &Draft::take_limit};

bool is_array(Place place) {
    return place == Place::file || place == Place::servers || place == Place::links ||
           place == Place::link;
}

std::string_view name_of(Kind kind) {
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

std::string names_of(Place place) {
    std::string names;
    const auto add = [&names](std::string_view name) {
        if (!names.empty()) names += ", ";
        names += name;
    };
    for (const Field& field : fields) {
        if (field.in == place) add(field.name);
    }
    for (const LimitRule& rule : limit_rules()) {
        if (place == Place::limits) add(rule.name);
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
    bool StartArray() { return open(Kind::array); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool EndArray(rapidjson::SizeType) { return close(); }
    // NOLINTEND(readability-identifier-naming)

private:
    // An object or array that is open.
    struct Level {
        Place place;
        std::size_t elements = 0;        // begun so far, in an array
        std::vector<std::string> names;  // of the fields so far, in an object
    };

    bool key(std::string_view name);
    bool take(const Value& value);
    bool open(Kind kind);
    bool close();
    bool choose(const Value& value);
    const Field* find_field(std::string_view name);
    std::string_view missing() const;

    std::uint32_t line_at(std::size_t offset) const;
    std::string path() const;
    bool pass(Judgement judgement);
    void explain(const rapidjson::ParseResult& result);

    std::string_view text_;
    std::string_view file_;
    rapidjson::MemoryStream stream_;
    Draft draft_;
    std::vector<Level> levels_ = {{Place::file, 0, {}}};
    const Field* field_ = nullptr;  // whose value is next, or being read
    std::string error_;
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
    Level& level = levels_.back();
    const bool again = std::ranges::find(level.names, name) != level.names.end();
    level.names.emplace_back(name);
    field_ = find_field(name);
    if (level.place == Place::places && name == "key") {
        return pass(Complaint{"key_file, the name of a file that holds the key", "the key"});
    }
    if (field_ == nullptr) return pass(Complaint{"one of " + names_of(level.place), quoted(name)});
    return !again || pass(Complaint{"each field once", "it again"});
}

const Field* Reading::find_field(std::string_view name) {
    const Place place = levels_.back().place;
    if (place == Place::limits) {
        const auto rule = std::ranges::find(limit_rules(), name, &LimitRule::name);
        if (rule == limit_rules().end()) return nullptr;
        draft_.choose(*rule);
        return &limit_field;
    }
    const auto fits = [&](const Field& field) { return field.in == place && field.name == name; };
    const auto* const found = std::ranges::find_if(fields, fits);
    return found == fields.end() ? nullptr : found;
}

// Which field a value belongs to, and whether it is of the field's kind.
bool Reading::choose(const Value& value) {
    draft_.at_line(line_at(stream_.Tell()));
    Level& level = levels_.back();
    if (is_array(level.place)) {
        ++level.elements;
        field_ = find_field("");
    }
    return field_->kind == value.kind ||
           pass(Complaint{std::string(name_of(field_->kind)), shown(value)});
}

bool Reading::take(const Value& value) {
    return choose(value) && pass((draft_.*field_->take)(value.text));
}

bool Reading::open(Kind kind) {
    if (!choose({kind, {}})) return false;
    const Place place = field_->opens;
    if (place == Place::servers) draft_.begin_servers();
    if (place == Place::server && !pass(draft_.begin_server())) return false;
    if (place == Place::link && !pass(draft_.begin_link())) return false;
    levels_.push_back({place, 0, {}});
    return true;
}

bool Reading::close() {
    const Place place = levels_.back().place;
    const std::string_view absent = place == Place::server ? missing() : std::string_view{};
    levels_.pop_back();
    if (place == Place::link) return pass(draft_.end_link());
    if (place != Place::server) return true;
    if (absent.empty()) return pass(draft_.end_server());
    return pass(Complaint{"name, clients and peers", "no " + std::string(absent)});
}

// The first field that the open object should have had.
std::string_view Reading::missing() const {
    const Level& level = levels_.back();
    const auto* const absent = std::ranges::find_if(fields, [&](const Field& field) {
        return field.in == level.place && field.required &&
               std::ranges::find(level.names, field.name) == level.names.end();
    });
    return absent == fields.end() ? std::string_view{} : absent->name;
}

std::uint32_t Reading::line_at(std::size_t offset) const {
    const std::string_view before = text_.substr(0, offset);
    return 1 + static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
}

// Of what is being read: "servers[2].name".
std::string Reading::path() const {
    std::string path;
    for (const Level& level : levels_) {
        if (level.place == Place::file) continue;
        if (level.elements > 0) path += "[" + std::to_string(level.elements - 1) + "]";
        if (level.names.empty()) continue;
        if (!path.empty()) path += ".";
        path += level.names.back();
    }
    return path.empty() ? "file" : path;
}

// Whether there is nothing to complain about; otherwise what there is becomes the error.
bool Reading::pass(Judgement judgement) {
    if (!judgement) return true;
    const bool here = judgement->field.empty();
    const std::uint32_t line =
        here || judgement->line == 0 ? line_at(stream_.Tell()) : judgement->line;
    error_ = std::string(file_) + ":" + std::to_string(line) + ": " +
             (here ? path() : judgement->field) + ": expected " + judgement->expected + ", got " +
             judgement->got;
    return false;
}

void Reading::explain(const rapidjson::ParseResult& result) {
    const std::string_view rest = text_.substr(std::min(result.Offset(), text_.size()));
    const std::string got = rest.empty() ? "the end of the file" : quoted(rest.substr(0, 1));
    pass(Complaint{
        std::string(expected_by(result.Code())), got, path(), line_at(text_.size() - rest.size())});
}

}  // namespace

Outcome<Config> parse(std::string_view text, std::string_view file) {
    return Reading(text, file).run();
}

Outcome<Config> read(const char* path) {
    const auto complain = [path](std::string_view what) -> Outcome<Config> {
        return std::unexpected(std::string(path) + ": " + std::string(what));
    };
    const auto close = [](std::FILE* file) { static_cast<void>(std::fclose(file)); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path, "rbe"), close);
    if (!file) return complain(reactor::describe(reactor::Errno{errno}));
    std::string text(file_size_max + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) return complain(reactor::describe(reactor::Errno{errno}));
    if (text.size() > file_size_max) return complain("is longer than 1 MiB");
    return parse(text, path);
}

}  // namespace herd::config
