#include "herd/program/status_facts.hpp"

#include <rapidjson/document.h>

namespace herd::program {

namespace {

const rapidjson::Value* find(const rapidjson::Value& object, const char* key) {
    const auto member = object.FindMember(key);
    return member == object.MemberEnd() ? nullptr : &member->value;
}

std::string text_of(const rapidjson::Value& value) {
    return value.IsString() ? std::string(value.GetString(), value.GetStringLength()) : "";
}

std::optional<config::Statement> settings_of(const rapidjson::Value* object) {
    if (object == nullptr || !object->IsObject()) return std::nullopt;
    config::Statement settings;
    for (const auto& member : object->GetObject()) {
        settings[text_of(member.name)] = text_of(member.value);
    }
    return settings;
}

}  // namespace

std::optional<StatusFacts> facts_of(const StatusAnswer& answer) {
    if (answer.json.empty()) return std::nullopt;
    rapidjson::Document status;
    status.Parse(answer.json.data(), answer.json.size());
    if (status.HasParseError() || !status.IsObject()) return std::nullopt;
    const rapidjson::Value* const epoch = find(status, "epoch");
    if (epoch == nullptr || !epoch->IsString()) return std::nullopt;
    StatusFacts facts{.epoch = text_of(*epoch), .settings = settings_of(find(status, "settings"))};
    if (const auto* const ready = find(status, "ready")) {
        facts.ready = ready->IsBool() && ready->GetBool();
    }
    if (const auto* const journal = find(status, "journal")) {
        facts.journal_failed = text_of(*journal) == "failed";
    }
    if (const auto* const pid = find(status, "pid")) {
        facts.pid = pid->IsInt() && pid->GetInt() > 0 ? pid->GetInt() : 0;
    }
    return facts;
}

std::string digest_of(const StatusAnswer& answer) {
    if (answer.json.empty()) return "";
    rapidjson::Document status;
    status.Parse(answer.json.data(), answer.json.size());
    const rapidjson::Value* const digest = find(status, "digest");
    return digest == nullptr ? "" : text_of(*digest);
}

}  // namespace herd::program
