"""What tells languages of one script apart: their most frequent function words, and letters that few of them have."""

from __future__ import annotations

import re

__all__ = ["LETTERS", "NAMES", "WORDS"]

_NAMES = """
af Afrikaans, am Amharic, ar Arabic, be Belarusian, bg Bulgarian, bn Bengali, ca Catalan, cs Czech, cy Welsh, da
Danish, de German, el Greek, en English, es Spanish, et Estonian, eu Basque, fa Persian, fi Finnish, fr French, ga
Irish, gl Galician, gu Gujarati, he Hebrew, hi Hindi, hr Croatian, hu Hungarian, hy Armenian, id Indonesian, is
Icelandic, it Italian, ja Japanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada, ko Korean, lo Lao, lt Lithuanian, lv
Latvian, mk Macedonian, ml Malayalam, mr Marathi, my Burmese, ne Nepali, nl Dutch, no Norwegian, or Odia, pa Punjabi,
pl Polish, pt Portuguese, ro Romanian, ru Russian, si Sinhala, sk Slovak, sl Slovenian, sq Albanian, sr Serbian, sv
Swedish, sw Swahili, ta Tamil, te Telugu, th Thai, tl Tagalog, tr Turkish, uk Ukrainian, ur Urdu, vi Vietnamese, zh
Chinese
"""

_LATIN = """
af: die nie en het is van wat vir dat sy word aan hulle ek my jy ons maar met deur ook hierdie kan sal moet elkeen as
    so nou hoe waar toe al geen
ca: el la els les i és un una amb per que de del dels no es al als ha han aquest aquesta però com més molt són té seva
    seu tots tota jo nosaltres perquè on quan també fins ningú
cs: každý všichni nikdo musí může a je se na v že s z do to o i jako jsem jsou by ale za pro ve které který která jeho
    tak po také když už má není být nebo bez své mají co jak jen při
cy: y yr a yn o i ar am mae ei eu ac wedi gan fel bod hyn ond neu pob pawb chi ni nid oedd bydd gyda sydd rydym hawl
    dylai oes
da: blive sin hinanden ingen noget nogen lige ud op bare nu mod deres og er det en af til på i med for ikke den de som
    har at der et han var men fra om vi kan jeg hun ved efter også sig skal blev over hvor hvad eller være denne hvis
    når mig dig enhver må
de: der die das und ist nicht ein eine einen wie viele den dem des zu von mit auf sind sie wird hat für im in wer ich
    es sich auch als an er so dass bei aus nach werden oder aber um am haben nur noch wir war durch kann über mein
    dein ihr uns wenn was sein seine ihre zum zur einer einem mehr schon jeder bin ja nein
en: the of and is to what how in does that are many which with for was a an on at by do if he she they from have has
    did will there it as be or not who would can could i you his her their we no so when this my your but all one our
    me were been about more its into than them then some these those should may might please dear where why like don
    good any very only just because here am get person people also
es: nadie puede debe ser cada podrá ningún así el los las y es una un cuántos cuál para con del en por qué tiene su la
    que más de se no al lo como pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay
    donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos unos
    yo otro son está fue han tu te mi
et: ja on ei et see kui ta oma mis ka aga või nii oli kes siis seda olema nad tema sest veel kõik igal välja ning pole
    meie teie mida üks väga juba minu sinu kus
eu: eta da ez bat du dira dute izan ere baina egin hau dela den zen beste hori edo bere izango dut gara dituzte
    guztiak oso egiten ditu
fi: ja on ei se että en hän oli mutta mitä minä sinä ovat niin kun kuin myös tämä joka sen olla jos vain hänen kaikki
    jo nyt mukaan sekä voi ole tai me te he ne siitä minun sinun oikeus saa jotka tätä koska hyvin kanssa
fr: nul chacun peuvent doit doivent chaque tous toute le la les et est des une un dans combien pour qui du sur sont il
    elle que à quel quelle avec de en ne pas ce se au par plus son sa ses ou mais on nous vous je leur cette aux été
    être si même tout comme ces fait ont y très sans peut bien où moi mon ma mes votre notre aussi
ga: an na agus ar is go i ag tá le sé do de a bhí ní ach nach sin mar sí é seo cad raibh gach leis atá bhfuil ina don
    duine
gl: á ás ó todo toda todos está poderá pode cada o a os as e do da dos das non unha un con para que é en polo pola
    máis pero como se foi ao seu súa ten moi son tamén isto nin ou eu nós ser ninguín
hr: i je se na u da su za od s sam ne koji koja koje što kao ali ili to iz o biti nije ima bi će po samo kako jer već
    još može nego svi svatko pravo ako sve do mi ti oni
hu: a az és hogy nem is egy van meg ez csak de ha már el volt én még mint ki mi minden vagy azt után amely kell lehet
    pedig ő nincs aki így kérem nagyon ezt itt joga
id: yang dan di dengan untuk ini dari tidak itu dalam akan pada juga saya ke karena tersebut ada oleh kami mereka anda
    bisa dapat adalah sudah atau seperti orang kita telah lebih setiap atas hanya kamu dia jika bagi
is: og að er í á sem til við ekki með það hann um en var ég af fyrir hún þeir eru þú hefur eða frá okkur þess þetta
    svo allir skal menn hver
it: nessuno nessun può deve ogni essi così essere il gli una un di quanti per con della sono nel non che è del quale
    dei la ha e le lo da si in al come ma anche più alla delle se suo sua loro questo questa ho mi ci io tu lui lei
    noi voi stato era quando molto dove perché chi cosa tutti tutto dalla nella agli mio tuo
lt: ir yra kad į su iš o tai bet jis kaip ne buvo ar per už apie dar jo tik jau ji mes man taip po prie nuo turi būti
    labai kas jų visi teisę kiekvienas
lv: un ir ka uz no ar par lai tas bet kas viņš nav es tika kā pie pēc vai savu to arī jau bija mēs jūs ļoti var būt
    visi katram tiesības pret
nl: de het een en niet van hoeveel dat met voor zijn op te wat wie heeft naar ze er is in die aan om ook als dan maar
    bij nog uit worden werd door hun ik je jij u we wij haar hem kan over geen deze dit was hebben zal mijn meer zou
    of zich veel ieder
no: bli sin hverandre ingen noe noen av ut kva ikkje eg dei og er det en til på i med for ikke den de som har at et
    han var men fra om vi kan jeg hun ved etter også seg skal ble over hvor hva eller være denne hvis når meg deg
    enhver må mot opp bare nå
pl: i w na się z jest do nie że to o jak co od za po ale jego dla tak przez czy są oraz który która które tym być ma
    już tylko jej lub ich był było może ze mnie ja ty my bardzo każdy swej wszyscy gdy sobie jako
pt: ninguém pode deve cada nenhum assim todos será lhe os uma um quantos para com da não em são tem qual que ele ela
    por dos é mais o a as e do de se na no como mas foi ao das à seu sua ou ser quando muito há nos já está eu também
    só pelo pela até isso entre era depois sem mesmo aos ter seus quem nas me esse eles estão você tinha foram nossa
    meu minha
ro: și şi este în de la pe cu nu un o să care din ce mai pentru sunt a fi se am au dar ca sau că el ea noi voi eu
    foarte fost prin după unei unui acest această trebuie orice lor îi are dacă
sk: nikto musí môže všetky jeho a je sa na v že s z do to o i ako som sú by ale za pre vo ktoré ktorý ktorá tak po
    tiež keď už má nie byť alebo bez svoje majú čo len pri právo každý všetci
sl: in je se na v da so za z s ne ki kot tudi pa ali od po bi bil ni to iz o do biti ima lahko še ker če kako samo vsi
    pravico ter vsakdo kaj sem smo jim
sq: dhe në të e një për me nga është se që i nuk si do ka më janë ky kjo por u ne ju ata ai ajo çdo edhe kanë duhet
sv: och är det en av till på i med för inte den de som har att ett han var men från om vi kan jag hon vid efter också
    sig ska blev över hur vad eller vara denna när mig dig där så nu ut upp bara mycket skall mot än alla
sw: na ya wa kwa ni katika la za kama cha hiyo yake hii huyu lakini watu mtu au hakuna pia sana kila wote yao haki vya
    wake mimi wewe sisi hivyo ana bila kuwa ili wakati huo yangu
tl: ang ng sa na mga at ay si hindi ito para kung may ko siya mo niya ako ka isang bawat lahat kanilang namin natin
    din rin pero nang kapag wala iyon sila
tr: ve bir bu için ile de da ne çok daha gibi var olarak ama en o ben sen biz siz mi mı değil kadar her sonra olan ki
    olduğu veya hiç ya nasıl şey göre tarafından bunu onu olur hakkı
vi: và là của có các được trong một cho không với những này người để khi đã đến từ tôi cũng như về ra sẽ nhiều vào năm
    phải trên bạn theo đó lại thì mọi đều quyền rất nếu
"""

_CYRILLIC = """
be: ніхто можа могуць сваёй ёсць так мы і у не на што з як да ён яна яны па гэта але ад для быў былі каб ці мае або
    яго права чалавек усе
bg: никой може трябва и на се да в е от за не с по са че като това до но той тя ще към при или има всички който която
    което си всеки те вие много как ако бъде няма един
kk: және бұл бар мен үшін емес деп бір болып болған тиіс ол олар адам болуы ең да де керек
mk: и на се во да е од за не со по ќе што како тоа до но тој таа при или има сите кој која кое секој тие многу ако
    може биде нема еден право
ru: никто может могут своей своём в и не на что с как по это но он она они из у за от для мы был была были чтобы или
    его все так же вы к о бы только меня мне уже когда если есть быть каждый человек при очень где я ты имеет который
    нет до ещё
sr: и у је се на да су за од са не који која које што као али или то из о бити није има би ће по само како јер свако
    право ако све до ми они
uk: ніхто може можуть вона своїй є так ми ти і у в не на що з як до він вони по це але від для був була були щоб чи
    або його та ви й про має право кожна людина які який всі за із ще при дуже де
"""

_ARABIC = """
ar: في من على إلى أن ما لا هذا هذه التي الذي كان عن مع هو هي كل أو ثم لم قد بين عند بعد إن كما لكل أي ذلك وقد و
fa: و در به از که این را با است برای آن یک خود تا کرد بر هم نیز شده می اگر بود ها هر دارد باید حق شما من ما
ur: کے کی میں ہے اور سے کا کو اس پر یہ کہ نے ہیں کر ایک بھی تھا جو وہ نہیں تو کیا ہو گیا لئے لیے تک ہر حق
"""

_DEVANAGARI = """
hi: के का में की है और से को हैं एक पर यह ने कि भी नहीं इस हो कर ही लिए तो था वह जो या अपने साथ सकते आप किसी थे थी
    करने रूप हम मैं गया
mr: आणि आहे च्या या ते व मध्ये हे असून होते नाही तर ही तो त्या एक आहेत की काही करण्यात केले मी आपण अधिकार आपल्या
ne: छ र को मा हो का ले यो पनि गर्न एक छन् तर भएको थियो लाई गरेको हुन् प्रत्येक म तपाईं हुनेछ गर्ने अनि छैन त्यो
"""

_LETTERS = {
    "Latin": (
        "ca:· cs:ěřů cy:ŵŷ da:æø de:ß es:ñ¿¡ et:õäü fi:äö fr:çœèêûîï hr:čćđšž hu:őű is:þðæ it:òù lt:ėųįūž "
        "lv:āēīģķļņū no:æø pl:łżźśćńąę pt:ãõ ro:ășțşţ sk:ľĺŕô sl:čšž sq:ë sv:äå tr:ğış "
        "vi:đơưạảấầẩậắằặẹẻẽếềểễệịọỏốồổỗộớờợụủứừửữựỳỵỷỹ "
    ),
    "Cyrillic": "be:ўіыэё bg:ъщ kk:әғқңөұүһі mk:ѓќѕљњџј ru:ыэё sr:ђћљњџј uk:їєґі",
    "Arabic": "ar:ةىأإؤئ fa:پچژگ ur:ٹڈڑںےھہ",
    "Devanagari": "mr:ळ",
}
_ENTRY = re.compile(r"^(\w\w): (.*(?:\n {4}.*)*)", re.MULTILINE)

NAMES = {code: name for code, _, name in (entry.partition(" ") for entry in " ".join(_NAMES.split()).split(", "))}
"""The languages that are told, by their ISO 639-1 code."""

WORDS = {
    script: {code: frozenset(words.split()) for code, words in _ENTRY.findall(listed)}
    for script, listed in {"Latin": _LATIN, "Cyrillic": _CYRILLIC, "Arabic": _ARABIC, "Devanagari": _DEVANAGARI}.items()
}
"""The function words of each language, by script."""

LETTERS = {script: dict(entry.split(":", 1) for entry in listed.split()) for script, listed in _LETTERS.items()}
"""Letters of each language that few others of its script have."""
