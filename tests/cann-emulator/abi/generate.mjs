// Writes, from the ABI table and the profiles, everything of the stand-ins that is not behaviour:
//   abi_types.h        enums, structs (with their sizes and offsets asserted), opaque handles
//   abi_functions.h    every function of the table, declared in namespace emu with the exact C parameter types
//   signatures.h       the first phase of every operator, its parameters by kind: for hostile arguments
//   defaults.cpp       a weak definition of each: what is not implemented refuses by name
//   forward_UNIT.cpp   the exported C symbols, one file per library of the newest split
//   profile_NAME.cpp   what a profile is; NAME/LIBRARY.map: the symbols that library exports there
//   libraries.cmake    the libraries of each profile
//
//   node generate.mjs ABI_JSON PROFILES_JSON OUTPUT_FOLDER
import { mkdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { types } from "./types.mjs";
import { declarations, defaults, forwards, signatures } from "./functions.mjs";
import { cmake, exportMap, librariesOf, profileSource, unitOf } from "./libraries.mjs";

const [abiPath, profilesPath, output] = process.argv.slice(2);
if (!output) {
    console.error("usage: node generate.mjs ABI_JSON PROFILES_JSON OUTPUT_FOLDER");
    process.exit(2);
}

const abi = JSON.parse(readFileSync(abiPath, "utf8"));
const profiles = JSON.parse(readFileSync(profilesPath, "utf8"));
const versions = profiles.map((profile) => profile.cann);

/** The versions that declare a function; a header that was not examined for one version is no gap when older and newer ones have it. */
function declaredIn(entry) {
    const known = entry.cann_version_if_known.declared_in;
    const order = Object.keys(abi.about.versions);
    const indices = known.map((version) => order.indexOf(version));
    const driver = entry.library === "libdcmi.so";
    return versions.filter((version) => driver || known.includes(version)
        || (indices.some((i) => i < order.indexOf(version)) && indices.some((i) => i > order.indexOf(version))));
}

const functions = abi.functions
    .map((entry) => ({ ...entry, declaredIn: declaredIn(entry), unit: unitOf(entry) }))
    .filter((entry) => entry.declaredIn.length > 0);

/** Leaves an unchanged file's time alone, so that a second run compiles nothing. */
function write(name, text) {
    const path = join(output, name);
    mkdirSync(join(path, ".."), { recursive: true });
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
        writeFileSync(path, text);
    }
}

write("abi_types.h", types(abi));
write("abi_functions.h", declarations(functions));
write("defaults.cpp", defaults(functions, abi));
write("signatures.h", signatures(functions));
const units = [...new Set(functions.map((entry) => entry.unit))].sort();
for (const unit of units) {
    write(`forward_${unit}.cpp`, forwards(functions.filter((entry) => entry.unit === unit)));
}

for (const profile of profiles) {
    write(`profile_${profile.name}.cpp`, profileSource(profile));
    for (const [library, own] of librariesOf(profile, units)) {
        const names = functions.filter((entry) => own.includes(entry.unit) && entry.declaredIn.includes(profile.cann)).map((entry) => entry.name)
            .filter((name) => !(profile.without ?? []).includes(name.replace(/GetWorkspaceSize$/, "")));
        write(`${profile.name}/${library}.map`, exportMap(names));
    }
}
write("libraries.cmake", cmake(profiles, units));
