/** The parts of a setting that is a list: separated by commas, blanks around them ignored, empty ones left out. */
export function settingList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
