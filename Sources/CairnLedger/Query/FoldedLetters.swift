// SPDX-License-Identifier: Apache-2.0

/// Letters with marks and the letter that search folds them to.
///
/// Made from the canonical decompositions of Unicode 14 for Latin, Greek and Cyrillic: the letter
/// without its combining marks. Letters that do not decompose, such as `ø`, stay themselves.
enum FoldedLetters {
    /// One group a line: the plain letter, then the letters that fold to it.
    private static let groups = """
        aàáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ
        bḃḅḇ
        cçćĉċčḉ
        dďḋḍḏḑḓ
        eèéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ
        fḟ
        gĝğġģǧǵḡ
        hĥȟḣḥḧḩḫẖ
        iìíîïĩīĭįǐȉȋḭḯỉị
        jĵǰ
        kķǩḱḳḵ
        lĺļľḷḹḻḽ
        mḿṁṃ
        nñńņňǹṅṇṉṋ
        oòóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ
        pṕṗ
        rŕŗřȑȓṙṛṝṟ
        sśŝşšșṡṣṥṧṩ
        tţťțṫṭṯṱẗ
        uùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự
        vṽṿ
        wŵẁẃẅẇẉẘ
        xẋẍ
        yýÿŷȳẏẙỳỵỷỹ
        zźżžẑẓẕ
        æǣǽ
        øǿ
        ſẛ
        ʒǯ
        αά
        εέ
        ηή
        ιΐίϊ
        οό
        υΰϋύ
        ωώ
        гѓ
        еѐё
        ийѝ
        кќ
        уў
        ії
        """

    /// The plain letter of each folded one.
    static let table: [Unicode.Scalar: Unicode.Scalar] = {
        var table: [Unicode.Scalar: Unicode.Scalar] = [:]
        for line in groups.unicodeScalars.split(separator: "\n") {
            guard let plain = line.first else { continue }
            for scalar in line.dropFirst() {
                table[scalar] = plain
            }
        }
        return table
    }()
}
