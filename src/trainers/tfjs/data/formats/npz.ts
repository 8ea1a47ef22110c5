/**
 * NumPy .npz archives: arrays by name, stored (numpy.savez) or deflated (numpy.savez_compressed).
 */
import path from "node:path";
import * as zlib from "node:zlib";
import type { NpzDataSpec } from "../../../../core/study/definition.ts";
import { badFile, memoryBytes, openFile, type Bytes } from "../files/bytes.ts";
import { inflateAll, inflateStart } from "../files/inflate.ts";
import { readNpyHeader, type NpyArray } from "../files/npyArray.ts";
import { readZip, type ZipMember } from "../files/zip.ts";
import type { DataFormat } from "./format.ts";
import { arraySource, partsOf, peekArrays, type OpenArray } from "./npy.ts";

function namesOf({ features, labels, testFeatures, testLabels }: NpzDataSpec): string[] {
  return [
    features,
    labels,
    ...(testFeatures === undefined || testLabels === undefined ? [] : [testFeatures, testLabels]),
  ];
}

function membersOf(spec: NpzDataSpec, archive: Bytes): ZipMember[] {
  const members = readZip(archive);
  return namesOf(spec).map((name) => {
    const member = members.find((one) => one.name === `${name}.npy`) ?? members.find((one) => one.name === name);
    if (member !== undefined) return member;
    const names = members.slice(0, 12).map((one) => one.name.replace(/\.npy$/, ""));
    throw badFile(
      archive.name,
      `there is no array "${name}".`,
      names.length === 0 ? "The archive is empty." : `It holds ${names.join(", ")}.`,
    );
  });
}

/** The header of a member, without unpacking it. */
function peekMember({ bytes, method, size }: ZipMember): NpyArray {
  return method === "stored"
    ? readNpyHeader(bytes)
    : readNpyHeader(memoryBytes(bytes.name, inflateStart(bytes, "raw")), size);
}

function openMember(member: ZipMember): OpenArray {
  const { bytes, checksum, method, size } = member;
  if (method === "stored") return { bytes, array: readNpyHeader(bytes) };
  // What the header says must fit what the archive says, before as much is unpacked.
  peekMember(member);
  const content = inflateAll(bytes, "raw", size);
  // Since Node 20.15.
  const crc32 = zlib.crc32 as typeof zlib.crc32 | undefined;
  if (crc32 !== undefined && crc32(content) !== checksum) {
    throw badFile(bytes.name, "its checksum is wrong.", "It is damaged; copy it again.");
  }
  const unpacked = memoryBytes(bytes.name, content);
  return { bytes: { ...unpacked, close: () => bytes.close() }, array: readNpyHeader(unpacked) };
}

export const npzFormat: DataFormat<NpzDataSpec> = {
  key: "npz",
  files: ({ npz }, root) => [path.resolve(root, npz)],
  check(spec, root) {
    const archive = openFile(root, spec.npz);
    try {
      return peekArrays(partsOf(membersOf(spec, archive).map(peekMember)), spec);
    } finally {
      archive.close();
    }
  },
  open(spec, root) {
    const archive = openFile(root, spec.npz);
    try {
      return arraySource(partsOf(membersOf(spec, archive).map(openMember)), spec);
    } catch (error) {
      archive.close();
      throw error;
    }
  },
};
